import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CONFIG_DOCUMENT, withSettings } from "../../scripts/config-docs.js";
import { configMarkdown, configTable } from "../../src/config/config-table.js";
import { SETTING_KEYS, SETTINGS, variableOf } from "../../src/config/settings.js";
import { loadFile } from "./config-folder.js";

const document = readFileSync(CONFIG_DOCUMENT, "utf8");

test("docs/configuration.md has the settings as the code has them (else: npm run docs:config)", () => {
  expect(document).toBe(withSettings(document));
});

test("a document whose table is out of date is put right", () => {
  const old = document.replace("`HOLDFAST_LISTEN`", "`HOLDFAST_HEARKEN`");
  expect(old).not.toBe(document);
  expect(withSettings(old)).toBe(document);
});

test("a document without the markers is refused, not overwritten", () => {
  expect(() => withSettings("# Configuration\n")).toThrow("marker");
  expect(() => withSettings(document + document)).toThrow("marker");
});

test.each(SETTING_KEYS)(
  "%s is in the help and in the document with variable, default, range and one sentence",
  (key) => {
    const { defaultText, doc, kind } = SETTINGS[key];
    expect(doc).toMatch(/^[A-Z].*\.$/);
    for (const text of [configTable(), configMarkdown()]) {
      for (const part of [key, variableOf(key), defaultText, doc, kind.allowed]) expect(text).toContain(part);
    }
  },
);

test("no cell of the document's table ends early", () => {
  const cells = configMarkdown()
    .split("\n")
    .map((row) => row.split("|").length);
  expect(new Set(cells)).toEqual(new Set([7]));
});

test("the document's example is a configuration", () => {
  const example = /```yaml\n(.*?)```/s.exec(document)?.[1];
  expect(example && loadFile(example)).toMatchObject({
    listen: "0.0.0.0:7420",
    dealers: { requireKnown: true },
    freshness: { laggingAfterMs: 120_000, staleAfterMs: 900_000, gapWaitMs: 30_000, gapPolicy: "WAIT" },
  });
});
