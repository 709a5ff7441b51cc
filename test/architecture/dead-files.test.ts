/** Every file of src is reached from what is run or published. Generated code is whole by design and does not count. */
import { expect, test } from "vitest";
import { filesUnder, ownImportsOf, type SourceFile } from "./source-tree.js";

/** What is run, in a thread of its own too, and what is published. */
const ENTRIES = [
  "src/cli/main.ts",
  "src/compose/images/image-thread.ts",
  "src/client/index.ts",
  "src/tracing/tracing-interceptor.ts",
];

/** Reached by tests only, and part of the product all the same: the second backend that keeps each port a port. */
const MEMORY_BACKENDS = ["src/journal/memory-journal.ts", "src/snapshots/memory-page-store.ts"];

function unreached(files: readonly SourceFile[], entries: readonly string[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    waiting.push(...ownImportsOf(file));
  }
  return [...byPath.keys()].filter((path) => !reached.has(path) && !path.startsWith("src/gen/"));
}

function unknownImports(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  return files.flatMap((file) => ownImportsOf(file).filter((target) => !paths.has(target)));
}

test("every source file is reached from the program or the published client", () => {
  expect(unreached(filesUnder("src"), [...ENTRIES, ...MEMORY_BACKENDS])).toEqual([]);
});

test("every import leads to a file, so that reach is not lost by a wrong path", () => {
  expect(unknownImports(filesUnder("src"))).toEqual([]);
});

test("the in-memory backends are there and are used by tests", () => {
  const sources = new Set(filesUnder("src").map((file) => file.path));
  const usedByTests = new Set(filesUnder("test").flatMap(ownImportsOf));
  for (const path of MEMORY_BACKENDS) {
    expect(sources).toContain(path);
    expect(usedByTests).toContain(path);
  }
});

test("the rule can fail: a file that only a dead file imports is dead too", () => {
  const files = [
    { path: "src/cli/main.ts", text: 'import "./serve.js";' },
    { path: "src/cli/serve.ts", text: "" },
    { path: "src/cli/dead.ts", text: 'import "./dead-too.js"; import "./serve.js";' },
    { path: "src/cli/dead-too.ts", text: 'import "./dead.js";' },
  ];
  expect(unreached(files, ENTRIES)).toEqual(["src/cli/dead.ts", "src/cli/dead-too.ts"]);
});
