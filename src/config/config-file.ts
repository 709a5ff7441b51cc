/** Reads a configuration file, YAML or JSON (which is YAML too), into settings that are not looked at yet. */
import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { ConfigError, type ConfigProblem } from "./config-error.js";
import type { SettingKey } from "./settings.js";

/** A setting as it was found. */
export interface Reading<Key extends string = SettingKey> {
  readonly key: Key;
  readonly raw: unknown;
  readonly source: string;
}

export interface Readings<Key extends string = SettingKey> {
  readonly readings: readonly Reading<Key>[];
  readonly problems: readonly ConfigProblem[];
}

/** Throws a ConfigError when there is no reading the file at all; keys that are none of `keys` come back as problems. */
export function readConfigFile<Key extends string>(
  file: string,
  { namedBy, keys }: { readonly namedBy: string; readonly keys: readonly Key[] },
): Readings<Key> {
  const content = parse(read(file, namedBy), { file, namedBy });
  // An empty file, or one of comments alone, sets nothing.
  if (content === null) return { readings: [], problems: [] };
  if (!isSection(content)) {
    throw new ConfigError([
      {
        key: "the whole file",
        source: file,
        value: content,
        kind: "value",
        allowed: `sections and keys: ${namesIn(keys, "")}`,
      },
    ]);
  }
  return collect(content, "", { file, keys });
}

function read(file: string, namedBy: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable({ file, namedBy }, cause);
  }
}

function parse(text: string, origin: Origin): unknown {
  const document = parseDocument(text);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw unreadable(origin, fault);
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases are followed only here: one that leads nowhere, or to very many, is found now.
    throw unreadable(origin, cause);
  }
}

interface Origin {
  readonly file: string;
  readonly namedBy: string;
}

function unreadable({ file, namedBy }: Origin, cause: unknown): ConfigError {
  const reason = (cause as Error).message.split("\n", 1)[0];
  const allowed = `the path of a YAML or JSON file that can be read (${reason})`;
  return new ConfigError([{ key: "config", source: namedBy, value: file, kind: "value", allowed }], { cause });
}

function collect<Key extends string>(
  section: Readonly<Record<string, unknown>>,
  prefix: string,
  origin: { readonly file: string; readonly keys: readonly Key[] },
): Readings<Key> {
  const { file: source, keys } = origin;
  const readings: Reading<Key>[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, raw] of Object.entries(section)) {
    const key = prefix + name;
    const known = keys.find((each) => each === key);
    // A name with a dot would be a second way to write a nested key, and the two could disagree.
    if (known !== undefined && !name.includes(".")) {
      readings.push({ key: known, raw, source });
    } else if (namesIn(keys, `${key}.`) === "" || name.includes(".")) {
      const allowed =
        known === undefined ? namesIn(keys, prefix) : `${key.split(".")[0]} as a section, with the rest in it`;
      problems.push({ key, source, value: raw, kind: "unknown", allowed });
    } else if (isSection(raw)) {
      const inner = collect(raw, `${key}.`, origin);
      readings.push(...inner.readings);
      problems.push(...inner.problems);
    } else if (raw !== null) {
      problems.push({ key, source, value: raw, kind: "value", allowed: `a section with ${namesIn(keys, `${key}.`)}` });
    }
  }
  return { readings, problems };
}

/** The names that may stand in a section of the file, "" for its top. */
function namesIn(keys: readonly string[], prefix: string): string {
  const names = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length).split(".", 1)[0]);
  return [...new Set(names)].join(", ");
}

function isSection(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}
