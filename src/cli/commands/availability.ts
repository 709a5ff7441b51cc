import type { Command } from "commander";
import {
  type GetAvailabilityResponse,
  GetAvailabilityResponseSchema,
  type HoldfastClient,
} from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeForDealer, describeForWarehouse, HIDDEN_FROM_DEALERS } from "../views/availability-view.js";

interface AvailabilityOptions extends ServerOptions, PageOptions {
  readonly dealer?: string;
  readonly warehouse?: string;
}

const EXAMPLES = `
Examples:
  $ holdfast availability --warehouse north bolt-m8 nut-m8
  What a registered dealer may know of everything in the warehouse that serves it:
  $ holdfast availability --dealer d-17 --all`;

export function registerAvailability(program: Command, session: Session): void {
  const command = addServerOptions(program.command("availability"))
    .summary("show what can be promised")
    .description("Shows what can be promised, by warehouse (every figure) or as a dealer sees it.")
    .argument("[SKU...]", "which SKUs (default: all, in pages)")
    .option("--dealer <dealer>", "the warehouse that serves this dealer")
    .option("--warehouse <warehouse>", "this warehouse");
  addPageOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((skus: string[], options: AvailabilityOptions) => {
      if ((options.dealer === undefined) === (options.warehouse === undefined)) {
        command.error("error: name either --dealer or --warehouse");
      }
      return withClient(session, options, async (client) => {
        const message = await readPages(options, {
          fetch: (page) => fetchPage(client, { skus, options, page }),
          append: (into, next) => into.availability.push(...next.availability),
        });
        const table = options.dealer === undefined ? describeForWarehouse(message) : describeForDealer(message);
        const describe = (): string => withMoreHint(table, message);
        const hidden = options.dealer === undefined ? [] : HIDDEN_FROM_DEALERS;
        return printAnswer(session, options, { schema: GetAvailabilityResponseSchema, message, describe, hidden });
      });
    });
}

function fetchPage(
  client: HoldfastClient,
  input: {
    skus: string[];
    options: AvailabilityOptions;
    page: { pageSize: number | undefined; pageToken: string };
  },
): Promise<GetAvailabilityResponse> {
  const { skus, options, page } = input;
  const { dealer: dealerId, warehouse: warehouseId } = options;
  return client.getAvailability({ dealerId, warehouseId, skus, ...page });
}
