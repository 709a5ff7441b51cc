/** Decision records: short, in one form, numbered without a gap, and naming files that are there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./source-tree.js";

const LINES_BELOW = 40;
const FORM =
  /^# (\d{4}): .+\n\nStatus: (?:accepted|superseded by \d{4})\.\n\n## Context\n[\s\S]+\n## Decision\n[\s\S]+\n## Consequences\n\n- /;

interface DecisionRecord {
  readonly name: string;
  readonly text: string;
}

function faults(records: readonly DecisionRecord[]): string[] {
  return records.flatMap(({ name, text }, index) => {
    const found: string[] = [];
    const form = FORM.exec(text);
    const number = String(index + 1).padStart(4, "0");
    if (form === null) found.push("has another form");
    if (!name.startsWith(`${number}-`) || (form !== null && form[1] !== number)) found.push(`is not number ${number}`);
    const lines = text.trimEnd().split("\n").length;
    if (lines >= LINES_BELOW) found.push(`has ${lines} lines`);
    const paths = [...text.matchAll(/`((?:src|test|proto|docs|scripts)\/[\w./-]+)`/g)].map((match) => match[1] ?? "");
    for (const path of paths) if (!existsSync(join(ROOT, path))) found.push(`names ${path}, which is not there`);
    return found.map((fault) => `${name} ${fault}`);
  });
}

test("decision records keep their form", () => {
  const folder = join(ROOT, "docs/decisions");
  const records = readdirSync(folder)
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
  expect(records.length).toBeGreaterThanOrEqual(8);
  expect(faults(records)).toEqual([]);
});

test("the rule can fail: form, number, length, files", () => {
  const good = "# 0001: A\n\nStatus: accepted.\n\n## Context\n\nx\n\n## Decision\n\nx\n\n## Consequences\n\n- x\n";
  const faultsOf = (name: string, text: string) => faults([{ name, text }]);
  expect(faultsOf("0001-a.md", good)).toEqual([]);
  expect(faultsOf("0001-a.md", good.replace("## Consequences", "## So"))).toEqual(["0001-a.md has another form"]);
  expect(faultsOf("0002-a.md", good)).toEqual(["0002-a.md is not number 0001"]);
  expect(faultsOf("0001-a.md", `${good}${"- x\n".repeat(25)}`)).toEqual(["0001-a.md has 40 lines"]);
  expect(faultsOf("0001-a.md", `${good}- \`src/gone.ts\`\n`)).toEqual([
    "0001-a.md names src/gone.ts, which is not there",
  ]);
});
