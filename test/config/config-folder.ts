import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { ConfigError } from "../../src/config/config-error.js";
import { type Config, type ConfigSources, loadConfig } from "../../src/config.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** A file of this content; its path. */
export function fileOf(content: string, ending = "yaml"): string {
  files += 1;
  const file = join(folder, `config-${files}.${ending}`);
  writeFileSync(file, content);
  return file;
}

export function load(sources: Partial<ConfigSources> = {}): Config {
  return loadConfig({ flags: {}, env: {}, ...sources });
}

export function loadFile(content: string, ending?: string): Config {
  return load({ flags: { config: fileOf(content, ending) } });
}

/** The error that loading ends with; fails the test when it ends with none, or another. */
export function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("no ConfigError was thrown");
}
