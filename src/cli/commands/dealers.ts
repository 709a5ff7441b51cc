import type { Command } from "commander";
import {
  type Dealer,
  GetDealerResponseSchema,
  ListDealersResponseSchema,
  PutDealerResponseSchema,
} from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeDealers } from "../views/dealer-view.js";

interface PutOptions extends ServerOptions {
  readonly warehouse: string;
  readonly name?: string;
  readonly actor?: string;
  readonly reason?: string;
}

const PUT = 'Registers a dealer, or changes it: "holdfast dealers put d-17 --warehouse north".';
const GET = 'Shows one dealer: "holdfast dealers get d-17".';
const LIST = 'Lists the registered dealers by id: "holdfast dealers list --all".';

const EXAMPLES = `
Examples:
  $ holdfast dealers put d-17 --warehouse north --name "Seventeen & Sons"
  $ holdfast dealers get d-17
  $ holdfast dealers list --all`;

export function registerDealers(program: Command, session: Session): void {
  const dealers = program
    .command("dealers")
    .summary("register dealers, and see which warehouse serves them")
    .description("Registers dealers with the warehouse that serves them.")
    .addHelpText("after", EXAMPLES);
  registerDealersList(dealers, session);
  registerDealersPut(dealers, session);
  registerDealersGet(dealers, session);
}

function registerDealersList(dealers: Command, session: Session): void {
  const command = dealers.command("list").summary("list the registered dealers").description(LIST);
  addPageOptions(addServerOptions(command)).action((options: ServerOptions & PageOptions) =>
    withClient(session, options, async (client) => {
      const message = await readPages(options, {
        fetch: (page) => client.listDealers(page),
        append: (into, next) => into.dealers.push(...next.dealers),
      });
      const describe = (): string => withMoreHint(describeDealers(message.dealers), message);
      return printAnswer(session, options, { schema: ListDealersResponseSchema, message, describe });
    }),
  );
}

function registerDealersPut(dealers: Command, session: Session): void {
  addServerOptions(dealers.command("put").summary("register a dealer, or change it").description(PUT))
    .argument("<dealer>", "its id")
    .requiredOption("--warehouse <warehouse>", "the warehouse that serves it (required)")
    .option("--name <name>", "for people")
    .option("--actor <actor>", "who does this, for the record")
    .option("--reason <reason>", "why, for the record")
    .action((dealerId: string, options: PutOptions) =>
      withClient(session, options, async (client) => {
        const { warehouse: warehouseId, name, actor, reason } = options;
        const message = await client.putDealer({ dealer: { dealerId, name, warehouseId }, actor, reason });
        const describe = (): string => describeOne(message.dealer);
        return printAnswer(session, options, { schema: PutDealerResponseSchema, message, describe });
      }),
    );
}

function registerDealersGet(dealers: Command, session: Session): void {
  addServerOptions(dealers.command("get").summary("show one dealer").description(GET))
    .argument("<dealer>", "its id")
    .action((dealerId: string, options: ServerOptions) =>
      withClient(session, options, async (client) => {
        const message = await client.getDealer({ dealerId });
        const describe = (): string => describeOne(message.dealer);
        return printAnswer(session, options, { schema: GetDealerResponseSchema, message, describe });
      }),
    );
}

function describeOne(dealer: Dealer | undefined): string {
  return describeDealers(dealer === undefined ? [] : [dealer]);
}
