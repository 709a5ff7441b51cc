import { resolve } from "node:path";
import type { Command } from "commander";
import { BackupResponseSchema } from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";

interface BackupOptions extends ServerOptions {
  readonly to: string;
}

/** A backup copies all data, which takes minutes where there is much. */
const TIMEOUT_MS = 3_600_000;

/** `holdfast backup`: has a running server copy itself, as of one block. */
export function registerBackup(program: Command, session: Session): void {
  addServerOptions(program.command("backup"))
    .summary("copy everything of a running server into a folder")
    .description(
      "Has a running server copy everything into a folder on its machine, as of one moment, while it serves.",
    )
    .requiredOption("--to <FOLDER>", "a folder on the server's machine: not there yet, or empty")
    .addHelpText(
      "after",
      `
Examples:
  $ holdfast backup --to /backups/monday
  $ holdfast verify --data /backups/monday

"holdfast restore" makes a data folder of a backup.`,
    )
    .action((options: BackupOptions, command: Command) => {
      const isChosen = command.getOptionValueSource("timeout") !== "default";
      const timeout = isChosen ? options.timeout : TIMEOUT_MS;
      return withClient(session, { ...options, timeout }, async (client) => {
        const directory = resolve(options.to);
        const message = await client.backup({ directory });
        return printAnswer(session, options, {
          schema: BackupResponseSchema,
          message,
          describe: ({ block, bytes }) => `Backed up to ${directory}: ${bytes} bytes, as of block ${block}.`,
        });
      });
    });
}
