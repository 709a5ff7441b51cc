import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { EXIT_FAILURE } from "../exit-code.js";
import type { Session } from "../session.js";

const RETENTION_MS = 7 * 24 * 3_600_000;

/** `holdfast verify`: proves a data folder offline. */
export function registerVerify(program: Command, session: Session): void {
  program
    .command("verify")
    .description("read a data folder offline and prove it: images, block chain, sequences, invariants, snapshots")
    .requiredOption("--data <FOLDER>", "the data folder of a stopped server, or a copy of one (required)")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ holdfast verify --data ./data

Exits 0 when everything is proven, 1 at the first damage, which it names with file, offset and record.`,
    )
    .action(async (options: { readonly data: string; readonly json?: boolean }) => {
      const { terminal } = session;
      try {
        await stat(join(options.data, "logs")).catch((cause) => {
          throw new Error(`${options.data} is no data folder: it has no logs/`, { cause });
        });
        const [{ verifyFolder }, { lockDataFolder }] = await Promise.all([
          import("../verify/verify-folder.js"),
          import("../../journal/data-folder-lock.js"),
        ]);
        const lock = await lockDataFolder(options.data);
        try {
          const { verified } = await verifyFolder(options.data, { answerRetentionMs: RETENTION_MS });
          if (options.json === true) terminal.print(JSON.stringify({ ok: true, ...verified }));
          else {
            terminal.print(
              `${join(options.data)}: ${verified.blocks} blocks, ${verified.records} records, ${verified.stocks} stocks, ` +
                `${verified.reservations} reservations, ${verified.images} images, ${verified.pages} pages: all proven`,
            );
            if (verified.tornBytes > 0) {
              terminal.print(`A torn write of ${verified.tornBytes} bytes at the end was never acknowledged.`);
            }
          }
        } finally {
          await lock.release();
        }
      } catch (cause) {
        const { message } = cause as Error;
        if (options.json === true) terminal.print(JSON.stringify({ ok: false, damage: message }));
        else terminal.printError(`not proven: ${message}`);
        session.exitCode = EXIT_FAILURE;
      }
    });
}
