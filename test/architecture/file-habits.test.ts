/** Size, names and exports of files, as STYLE and CONTRIBUTING.md have them. */
import { posix } from "node:path";
import { expect, test } from "vitest";
import { codeOnly, filesUnder, type SourceFile, writtenSources } from "./source-tree.js";

const LINES_MAX = 500;
const VAGUE_NAME = /(^|-)(utils?|common|helpers?|misc|managers?)(-|\.|$)/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config)?\.ts$/;

function tooLong(files: readonly SourceFile[]): string[] {
  return files
    .map((file) => ({ path: file.path, lines: file.text.trimEnd().split("\n").length }))
    .filter((file) => file.lines > LINES_MAX)
    .map((file) => `${file.path} has ${file.lines} lines`);
}

function vaguelyNamed(files: readonly SourceFile[]): string[] {
  return files.map((file) => file.path).filter((path) => path.split("/").some((part) => VAGUE_NAME.test(part)));
}

function notKebabCase(files: readonly SourceFile[]): string[] {
  return files.map((file) => file.path).filter((path) => !KEBAB_CASE.test(posix.basename(path)));
}

function defaultExports(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => /\bexport\s+default\b|\bas\s+default\b/.test(codeOnly(file.text)))
    .map((file) => file.path);
}

const written = () => [...writtenSources(), ...filesUnder("test", "scripts")];

test(`no file is longer than ${LINES_MAX} lines`, () => {
  expect(tooLong(written())).toEqual([]);
});

test("file names are kebab-case and say what is inside", () => {
  expect(notKebabCase(written())).toEqual([]);
  expect(vaguelyNamed(written())).toEqual([]);
});

test("nothing in src is exported as default", () => {
  expect(defaultExports(writtenSources())).toEqual([]);
});

test("the rule of size can fail, one line above the bound", () => {
  const file = (lines: number) => ({ path: "src/x.ts", text: "x;\n".repeat(lines) });
  expect(tooLong([file(LINES_MAX)])).toEqual([]);
  expect(tooLong([file(LINES_MAX + 1)])).toEqual(["src/x.ts has 501 lines"]);
});

test.each(["src/utils.ts", "src/common/x.ts", "src/stock-helpers.ts", "src/misc.ts", "src/lock-manager.ts"])(
  "the rule of names can fail: %s",
  (path) => {
    expect(vaguelyNamed([{ path, text: "" }])).toEqual([path]);
  },
);

test("the rule of kebab-case can fail", () => {
  expect(notKebabCase([{ path: "src/stockView.ts", text: "" }])).toEqual(["src/stockView.ts"]);
  expect(notKebabCase([{ path: "src/stock-view.ts", text: "" }])).toEqual([]);
});

test.each(["export default 1;", "export default function f() {}", "export { f as default };"])(
  "the rule of default exports can fail: %s",
  (text) => {
    expect(defaultExports([{ path: "src/x.ts", text }])).toEqual(["src/x.ts"]);
  },
);
