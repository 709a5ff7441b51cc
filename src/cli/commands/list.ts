import { type Command, InvalidArgumentError } from "commander";
import {
  type HoldfastClient,
  type ListReservationsResponse,
  ListReservationsResponseSchema,
  ReservationState,
} from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeReservations } from "../views/reservation-view.js";

interface ListOptions extends ServerOptions, PageOptions {
  readonly dealer: string;
  readonly order?: string;
  readonly warehouse?: string;
  readonly sku?: string;
  readonly state?: ReservationState[];
}

const STATES: Readonly<Record<string, ReservationState>> = {
  pending: ReservationState.PENDING,
  committed: ReservationState.COMMITTED,
  fulfilled: ReservationState.FULFILLED,
  released: ReservationState.RELEASED,
  expired: ReservationState.EXPIRED,
};

const EXAMPLES = `
Examples:
  $ holdfast list --dealer d-17
  What is still open of an order:
  $ holdfast list --dealer d-17 --order 4711 --state pending,committed`;

export function registerList(program: Command, session: Session): void {
  const command = addServerOptions(program.command("list"))
    .summary("list a dealer's reservations")
    .description("Lists a dealer's reservations, newest first within a warehouse.")
    .requiredOption("--dealer <dealer>", "whose reservations (required)")
    .option("--order <order>", "only this order")
    .option("--warehouse <warehouse>", "only this warehouse")
    .option("--sku <sku>", "only those with this SKU")
    .option(
      "--state <states>",
      `only in these states, with commas between: ${Object.keys(STATES).join(", ")}`,
      parseStates,
    );
  addPageOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((options: ListOptions) =>
      withClient(session, options, async (client) => {
        const message = await readPages(options, {
          fetch: (page) => fetchPage(client, options, page),
          append: (into, next) => into.reservations.push(...next.reservations),
        });
        const describe = (): string => withMoreHint(describeReservations(message.reservations), message);
        return printAnswer(session, options, { schema: ListReservationsResponseSchema, message, describe });
      }),
    );
}

function fetchPage(
  client: HoldfastClient,
  options: ListOptions,
  page: { pageSize: number | undefined; pageToken: string },
): Promise<ListReservationsResponse> {
  const { dealer: dealerId, order: orderId, warehouse: warehouseId, sku, state: states } = options;
  return client.listReservations({ dealerId, orderId, warehouseId, sku, states, ...page });
}

function parseStates(text: string): ReservationState[] {
  return text.split(",").map((name) => {
    const state = Object.hasOwn(STATES, name) ? STATES[name] : undefined;
    if (state === undefined) throw new InvalidArgumentError(`Allowed are ${Object.keys(STATES).join(", ")}.`);
    return state;
  });
}
