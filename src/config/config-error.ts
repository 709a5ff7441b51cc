/** How a start that cannot be made from its configuration says so. */
import { inspect } from "node:util";

/** What is wrong with a configuration: all of it at once, so that it is put right in one go. */
export interface ConfigProblem {
  /** A setting's key, or the name that is none. */
  readonly key: string;
  /** Where it came from: a file's path, a variable, a flag. */
  readonly source: string;
  readonly value: unknown;
  readonly kind: "unknown" | "value";
  /** What is allowed instead. */
  readonly allowed: string;
}

/** Stops the start. The message has one line for each problem: the key, where it came from, the value, what is allowed. */
export class ConfigError extends Error {
  readonly code = "CONFIG_INVALID";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(describe).join("\n"), options);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

function describe({ key, source, value, kind, allowed }: ConfigProblem): string {
  const where = key === source ? key : `${key} (from ${source})`;
  const verdict = kind === "unknown" ? "there is no such key" : "the value is not allowed";
  return `${where} = ${show(value)}: ${verdict}; allowed: ${allowed}`;
}

/** On one line and not long, whatever it is: a file can hold anything, circles among it. */
function show(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 120, maxArrayLength: 5 });
}
