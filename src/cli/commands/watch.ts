import { type Command, Option } from "commander";
import { type AvailabilityWatchOptions, HoldfastError } from "../../client/index.js";
import { type ServerOptions, serverOption, withClient } from "../client-command.js";
import { EXIT_DONE } from "../exit-code.js";
import type { Session } from "../session.js";
import { LiveTable } from "../watch/live-table.js";
import { updateAsJson } from "../watch/update-json.js";
import { UpdateLines, type WatchPrinter } from "../watch/update-lines.js";

interface WatchOptions extends Omit<ServerOptions, "timeout"> {
  readonly dealer?: string;
  readonly warehouse?: string;
}

const EXAMPLES = `
Examples:
  $ holdfast watch --warehouse north
  $ holdfast watch --dealer d-17 bolt-m8 nut-m8
  $ holdfast watch --warehouse north --json | jq .availability

On a terminal it is a live table, otherwise a line for each change. It goes on by itself when the server was away.`;

/** `holdfast watch`: what can be promised, as it changes. */
export function registerWatch(program: Command, session: Session): void {
  const command = program
    .command("watch")
    .summary("watch what can be promised as it changes")
    .description("Shows what can be promised, and each change of it, until Ctrl-C.")
    .argument("[SKU...]", "which SKUs (default: all)")
    .option("--dealer <dealer>", "the warehouse that serves this dealer, as he may know it")
    .option("--warehouse <warehouse>", "this warehouse, every figure")
    .addOption(serverOption())
    .addOption(new Option("--json", "print one JSON object for each update, for scripts"))
    .addHelpText("after", EXAMPLES)
    .action((skus: string[], options: WatchOptions) => {
      const { dealer: dealerId, warehouse: warehouseId } = options;
      if ((dealerId === undefined) === (warehouseId === undefined)) {
        command.error("error: name either --dealer or --warehouse");
      }
      const watched = { dealerId, warehouseId, skus } as AvailabilityWatchOptions;
      return withClient(session, { ...options, timeout: 0 }, async (client) => {
        const stop = new AbortController();
        const end = () => stop.abort();
        process.once("SIGINT", end).once("SIGTERM", end);
        const printer = printerFor(session, options);
        const onDisconnect = (error: Error) =>
          printer.lost(error instanceof HoldfastError ? error.message : String(error));
        const watch = client.watchAvailability({ ...watched, signal: stop.signal, onDisconnect });
        try {
          for await (const update of watch) printer.told(update, watch);
        } finally {
          process.off("SIGINT", end).off("SIGTERM", end);
        }
        return EXIT_DONE;
      });
    });
}

function printerFor({ terminal }: Session, { json = false, dealer }: WatchOptions): WatchPrinter {
  if (json) {
    return {
      told: (update) => terminal.print(updateAsJson(update, dealer !== undefined)),
      lost: (why) => terminal.printError(JSON.stringify({ disconnected: why })),
    };
  }
  return terminal.interactive ? new LiveTable(terminal) : new UpdateLines(terminal);
}
