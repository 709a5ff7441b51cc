/** The output for a person: every number under its name, and what is asked of it. */
import Table from "cli-table3";
import { COMPACT } from "./compact-table.js";
import { judge, type Target } from "./targets.js";

/** A table of all numbers of the output object, nested ones under dotted names. */
export function formatOutput(output: Record<string, unknown>, targets: readonly Target[]): string {
  const table = new Table({ head: ["measure", "value", "target", ""], ...COMPACT });
  for (const [name, value] of flatten(output)) {
    const target = targets.find((candidate) => candidate.name === name);
    const asked = target === undefined ? "" : `${target.bound} ${target.value}`;
    table.push([name, { content: String(value), hAlign: "right" }, asked, verdict(target, output)]);
  }
  return table.toString();
}

function verdict(target: Target | undefined, output: Record<string, unknown>): string {
  if (target === undefined) return "";
  const met = judge(target, output);
  if (met === undefined) return "does not apply: the echo server was not busy enough";
  return met ? "met" : "MISSED";
}

function flatten(output: Record<string, unknown>, prefix = ""): [name: string, value: unknown][] {
  return Object.entries(output).flatMap(([key, value]) =>
    typeof value === "object" && value !== null
      ? flatten(value as Record<string, unknown>, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value] as [string, unknown]],
  );
}
