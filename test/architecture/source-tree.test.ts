import { expect, test } from "vitest";
import { codeOnly, filesUnder, ownImportsOf, packagesOf } from "./source-tree.js";

const sample = {
  path: "src/actor/handlers/sample.ts",
  text: [
    'import { a } from "../turn.js";',
    'import type {\n  B,\n} from "../../domain/stock.js";',
    "export * from '@grpc/grpc-js/build/x';",
    'const lazy = await import("node:fs/promises");',
    'import "pino";',
    '// import { no } from "./comment.js";',
    '/** @example import { no } from "holdfast"; */',
    'const link = "https://example.org"; Date.now();',
  ].join("\n"),
};

test("imports of every form are seen, those in comments are not", () => {
  expect(ownImportsOf(sample)).toEqual(["src/actor/turn.ts", "src/domain/stock.ts"]);
  expect(packagesOf(sample)).toEqual(["@grpc/grpc-js", "node:fs", "pino"]);
});

test("a comment mark inside a string does not hide the code after it", () => {
  expect(codeOnly(sample.text)).toContain("Date.now()");
  expect(codeOnly(sample.text)).not.toContain("example.org");
});

test("the tree is read: an empty one would satisfy every rule", () => {
  const paths = filesUnder("src").map((file) => file.path);
  expect(paths).toContain("src/domain/lifecycle.ts");
  expect(paths).toContain("src/cli/main.ts");
  expect(paths.length).toBeGreaterThan(100);
});
