/** Each dependency earns its place: it is used, and docs/dependencies.md says what it saves and what it costs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesUnder, packagesOf, ROOT, withoutComments } from "./source-tree.js";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];

/** Packages with a line in the document, each of which says what is saved and what is the cost. */
function explained(document: string): string[] {
  return [...document.matchAll(/^- `([^`]+)` saves .+, and costs .+\.$/gm)].map((match) => match[1] ?? "");
}

/** Which packages are neither imported, nor named by a string (a pino transport), nor run as a command, nor types of one that is. */
function unused(packages: readonly string[], uses: { imported: ReadonlySet<string>; commands: string }): string[] {
  return packages.filter((name) => {
    const typed = name.startsWith("@types/") ? name.slice("@types/".length) : undefined;
    if (typed !== undefined) return !uses.imported.has(typed) && !hasNodeImport(typed, uses.imported);
    return !uses.imported.has(name) && !commandsOf(name).some((command) => isRun(command, uses.commands));
  });
}

function hasNodeImport(typed: string, imported: ReadonlySet<string>): boolean {
  return typed === "node" && [...imported].some((name) => name.startsWith("node:"));
}

function isRun(command: string, text: string): boolean {
  return text.split(/[\s"']+/).includes(command);
}

/** The commands that a package brings, as its own manifest says. */
function commandsOf(name: string): string[] {
  const { bin } = JSON.parse(read(`node_modules/${name}/package.json`)) as { bin?: string | Record<string, string> };
  if (bin === undefined) return [];
  return typeof bin === "string" ? [name.split("/").at(-1) ?? name] : Object.keys(bin);
}

/** Optional dependencies (binaries by platform, mostly) that the lock file names but does not pin. */
function missingFromLock(lock: LockFile): string[] {
  return Object.values(lock.packages)
    .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    .filter((name) => lock.packages[`node_modules/${name}`]?.version === undefined);
}

// This folder is left out: its samples of broken rules import all sorts of things.
const files = filesUnder("src", "test", "scripts").filter((file) => !file.path.startsWith("test/architecture/"));
const named = files.flatMap((file) => names.filter((name) => withoutComments(file.text).includes(`"${name}"`)));
const imported = new Set([...files.flatMap(packagesOf), ...named]);
const commands = [...Object.values(manifest.scripts), read("buf.gen.yaml"), read(".ci/run")].join(" ");

test("each dependency has its line in docs/dependencies.md, and each line its dependency", () => {
  expect(explained(read("docs/dependencies.md")).sort()).toEqual([...names].sort());
});

test("each dependency is used", () => {
  expect(unused(names, { imported, commands })).toEqual([]);
});

test("sources import no package that package.json does not ask for", () => {
  const asked = new Set(Object.keys(manifest.dependencies));
  const foreign = filesUnder("src").flatMap((file) =>
    packagesOf(file)
      .filter((name) => !name.startsWith("node:") && !asked.has(name))
      .map((name) => `${file.path} imports ${name}`),
  );
  expect(foreign).toEqual([]);
});

test("the lock file covers every platform: an optional package without an entry makes `npm ci` fail where it cannot be had", () => {
  expect(missingFromLock(JSON.parse(read("package-lock.json")) as LockFile)).toEqual([]);
});

test("the rule of the lock file can fail", () => {
  const tool = { version: "1.0.0", optionalDependencies: { "tool-linux": "1.0.0", "tool-darwin": "1.0.0" } };
  const packages = { "node_modules/tool": tool, "node_modules/tool-linux": { version: "1.0.0" } };
  expect(missingFromLock({ packages })).toEqual(["tool-darwin"]);
  expect(missingFromLock({ packages: { ...packages, "node_modules/tool-darwin": {} } })).toEqual(["tool-darwin"]);
});

test("the rule of use can fail: a package, a tool and types that nobody uses", () => {
  const nothing = { imported: new Set<string>(), commands: "" };
  expect(unused(["yaml", "vitest", "@types/node"], nothing)).toEqual(["yaml", "vitest", "@types/node"]);
  expect(unused(["vitest"], { ...nothing, commands: "vitest run" })).toEqual([]);
});

test("the rule of lines can fail: a line without a cost is none", () => {
  expect(explained("- `yaml` saves reading files.\n")).toEqual([]);
  expect(explained("- `yaml` saves reading files, and costs a parser.\n")).toEqual(["yaml"]);
});
