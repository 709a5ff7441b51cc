/** The rules are pure (decision 10), and the engine takes time from its clock only (decision 5). */
import { expect, test } from "vitest";
import { codeOnly, packagesOf, type SourceFile, writtenSources } from "./source-tree.js";

const ENGINE = /^src\/(domain|journal|snapshots|images|actor|erp|availability|operations)\//;
const SYSTEM_CLOCK = "src/actor/system-clock.ts";

/** Names of the platform's clocks, timers and randomness. After a dot they are members of something else. */
const CLOCKS =
  /(?<![.\w$])(?:Date|setTimeout|setInterval|setImmediate|performance|globalThis)\b|\bMath\.random\b|\bprocess\.hrtime\b/g;
const CLOCK_MODULES = ["node:timers", "node:perf_hooks", "timers", "perf_hooks"];

/** What a pure rule has no use for, besides clocks. Locale and floating point formats differ by machine. */
const OUTSIDE_WORLD = /(?<![.\w$])(?:process|console|crypto|fetch|queueMicrotask|Intl|await|async)\b|\.toLocale\w+/g;

function clockUses(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => ENGINE.test(file.path) && file.path !== SYSTEM_CLOCK)
    .flatMap((file) => [
      ...(codeOnly(file.text).match(CLOCKS) ?? []).map((name) => `${file.path} uses ${name}`),
      ...packagesOf(file)
        .filter((name) => CLOCK_MODULES.includes(name))
        .map((name) => `${file.path} imports ${name}`),
    ]);
}

function impurities(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.path.startsWith("src/domain/"))
    .flatMap((file) => [
      ...packagesOf(file).map((name) => `${file.path} imports ${name}`),
      ...(codeOnly(file.text).match(OUTSIDE_WORLD) ?? []).map((name) => `${file.path} uses ${name}`),
    ]);
}

test("the domain imports no package and knows nothing of the world outside", () => {
  expect(impurities(writtenSources())).toEqual([]);
});

test("only the system clock of the engine reads a clock or starts a timer", () => {
  expect(clockUses(writtenSources())).toEqual([]);
});

test.each(['import "xstate";', 'import { x } from "node:crypto";', "process.env.X;", "export async function f() {}"])(
  "the rule of purity can fail: %s",
  (text) => {
    expect(impurities([{ path: "src/domain/sample.ts", text }])).toHaveLength(1);
    expect(impurities([{ path: "src/api/sample.ts", text }])).toEqual([]);
  },
);

test.each([
  "new Date();",
  "Date.now();",
  "setTimeout(f, 1);",
  "setInterval(f, 1);",
  "setImmediate(f);",
  "Math.random();",
  "process.hrtime.bigint();",
  "performance.now();",
  "globalThis.Date;",
  `const text = \`at \${Date.now()}\`;`,
  'import { setTimeout as sleep } from "node:timers/promises";',
])("the rule of clocks can fail: %s", (text) => {
  for (const folder of ["domain", "journal", "snapshots", "images", "actor", "erp", "availability", "operations"]) {
    expect(clockUses([{ path: `src/${folder}/sample.ts`, text }]).length).toBeGreaterThan(0);
  }
  expect(clockUses([{ path: SYSTEM_CLOCK, text }])).toEqual([]);
});

test("names in comments, strings and members are no clocks", () => {
  const text = '// Date.now()\nconst word = "Date"; clock.setTimeout(f);';
  expect(clockUses([{ path: "src/actor/sample.ts", text }])).toEqual([]);
});
