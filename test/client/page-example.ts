/** The code of a page of docs/, taken from it to be type checked and run. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../..");
const CLIENT = join(ROOT, "src/client/index.ts");

export class PageExample<Exports extends object> {
  readonly code: string;
  readonly #folder: string;
  readonly exports: Exports;

  private constructor(code: string, folder: string, exports: Exports) {
    this.code = code;
    this.#folder = folder;
    this.exports = exports;
  }

  /** The one block of the page that exports a function of this name. */
  static async load<Exports extends object>(page: string, name: keyof Exports & string): Promise<PageExample<Exports>> {
    const text = await readFile(join(ROOT, "docs", page), "utf8");
    const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
    const [code, ...others] = blocks.filter((block) =>
      new RegExp(`export (async )?function\\*? ${name}\\b`).test(block),
    );
    if (code === undefined || others.length > 0) throw new Error(`docs/${page} has no one example named ${name}`);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-docs-"));
    await writeFile(join(folder, "typed.ts"), code);
    const path = join(folder, "run.ts");
    await writeFile(path, code.replace('from "holdfast"', `from ${JSON.stringify(CLIENT)}`));
    return new PageExample(code, folder, (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Exports);
  }

  /** Rejects with what the compiler says where a type is not what it says. */
  async checkTypes(): Promise<void> {
    const compilerOptions = { paths: { holdfast: [CLIENT] }, typeRoots: [join(ROOT, "node_modules/@types")] };
    const project = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["typed.ts"] };
    await writeFile(join(this.#folder, "tsconfig.json"), JSON.stringify(project));
    await writeFile(join(this.#folder, "package.json"), JSON.stringify({ type: "module" }));
    const compiler = join(ROOT, "node_modules/.bin/tsc");
    await promisify(execFile)(compiler, ["-p", this.#folder]).catch((error: { stdout: string }) => {
      throw new Error(error.stdout);
    });
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
