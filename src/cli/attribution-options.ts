import type { Command } from "commander";

/** The options of every command that changes something for an operator. */
export interface AttributionOptions {
  readonly actor?: string;
  readonly reason?: string;
}

/** Adds --actor and --reason. */
export function addAttributionOptions(command: Command): Command {
  return command
    .option("--actor <actor>", "who does this, for the record")
    .option("--reason <reason>", "why, for the record");
}
