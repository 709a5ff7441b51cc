import type { Command } from "commander";
import { EXIT_FAILURE } from "../exit-code.js";
import type { Session } from "../session.js";

const RETENTION_MS = 7 * 24 * 3_600_000;

interface RestoreOptions {
  readonly from: string;
  readonly data: string;
  readonly json?: boolean;
}

/** `holdfast restore`: makes a data folder of a backup that can be proven. */
export function registerRestore(program: Command, session: Session): void {
  program
    .command("restore")
    .description("make a data folder of a backup, which is proven first; no reservation id is issued twice")
    .requiredOption("--from <FOLDER>", "the backup")
    .requiredOption("--data <FOLDER>", "the data folder to make: not there yet, or empty")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ holdfast restore --from /backups/monday --data ./data
  $ holdfast serve --data ./data

Exits 0 when everything is there, 1 when the backup is damaged (it names the file) or cannot be copied.`,
    )
    .action(async (options: RestoreOptions) => {
      const { terminal } = session;
      try {
        // Only this command and verify need the engine; the others start faster without it.
        const { restoreFolder } = await import("../restore/restore-folder.js");
        const { block, epoch, verified } = await restoreFolder(options.from, options.data, {
          answerRetentionMs: RETENTION_MS,
        });
        const { stocks, reservations } = verified;
        if (options.json === true) terminal.print(JSON.stringify({ ok: true, block, epoch, stocks, reservations }));
        else {
          terminal.print(
            `Restored to ${options.data}: ${stocks} stocks, ${reservations} reservations, epoch ${epoch} from block ${block} on.`,
          );
        }
      } catch (cause) {
        const { message } = cause as Error;
        if (options.json === true) terminal.print(JSON.stringify({ ok: false, why: message }));
        else terminal.printError(`not restored: ${message}`);
        session.exitCode = EXIT_FAILURE;
      }
    });
}
