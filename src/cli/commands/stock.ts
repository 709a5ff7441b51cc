import type { Command } from "commander";
import { GetStockResponseSchema } from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeStock } from "../views/stock-view.js";

interface StockOptions extends ServerOptions, PageOptions {}

const EXAMPLES = `
Examples:
  $ holdfast stock north bolt-m8`;

export function registerStock(program: Command, session: Session): void {
  const command = addServerOptions(program.command("stock"))
    .summary("look closely at one stock")
    .description("Shows one stock closely: figures, open reservations, the last ERP events, dispatch exceptions.")
    .argument("<warehouse>")
    .argument("<sku>");
  addPageOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((warehouseId: string, sku: string, options: StockOptions) =>
      withClient(session, options, async (client) => {
        const message = await readPages(options, {
          fetch: (page) => client.getStock({ warehouseId, sku, ...page }),
          append: (into, next) => into.reservations.push(...next.reservations),
        });
        const describe = (): string => withMoreHint(describeStock(message), message);
        return printAnswer(session, options, { schema: GetStockResponseSchema, message, describe });
      }),
    );
}
