/**
 * The source tree as the architecture tests see it: paths, text, code without comments, and imports.
 * Not a compiler: a scan of tokens that is exact for the code style here, and tried in source-tree.test.ts.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** From the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file under these folders of the project, in order of path. */
export function filesUnder(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => ({ path: relative(ROOT, path).split(sep).join("/"), text: readFileSync(path, "utf8") })),
  );
}

/** The files of src/ that people write: all but the generated ones. */
export function writtenSources(): SourceFile[] {
  return filesUnder("src").filter((file) => !file.path.startsWith("src/gen/"));
}

const TOKENS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

/** The code without its comments; line breaks stay, so that lines keep their numbers. */
export function withoutComments(text: string): string {
  return text.replace(TOKENS, (token) => (/^\/[/*]/.test(token) ? token.replace(/[^\n]/g, " ") : token));
}

/** The code without comments and plain strings; templates stay, since they contain code. */
export function codeOnly(text: string): string {
  return withoutComments(text).replace(TOKENS, (token) => (/^["']/.test(token) ? '""' : token));
}

const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*)(["'])([^"']+)\1/g;

/** What a file imports or exports again, as written. */
export function specifiersOf(file: SourceFile): string[] {
  return [...withoutComments(file.text).matchAll(SPECIFIER)].map((match) => match[2] ?? "");
}

/** The paths of the project's own files that a file imports. */
export function ownImportsOf(file: SourceFile): string[] {
  return specifiersOf(file)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, ".ts"));
}

/** The names of the packages that a file imports; Node's own have `node:` before them. */
export function packagesOf(file: SourceFile): string[] {
  return specifiersOf(file)
    .filter((specifier) => !specifier.startsWith("."))
    .map((specifier) => {
      const [first = "", second = ""] = specifier.split("/");
      return first.startsWith("@") ? `${first}/${second}` : first;
    });
}
