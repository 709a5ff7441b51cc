import type { Command } from "commander";
import {
  durationFromMs,
  FillPolicy,
  type HoldfastClient,
  ReserveOutcome,
  ReserveResponseSchema,
} from "../../client/index.js";
import { collectLine, type LineArgument, parseDurationMs } from "../arguments.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { EXIT_DONE, EXIT_REFUSED, type ExitCode } from "../exit-code.js";
import type { Session } from "../session.js";
import { describeReserveResponse } from "../views/reservation-view.js";

interface ReserveOptions extends ServerOptions {
  readonly dealer: string;
  readonly order: string;
  readonly warehouse?: string;
  readonly hold?: number;
  readonly partial?: boolean;
  readonly commit?: boolean;
  readonly requestId?: string;
}

const EXAMPLES = `
Examples:
  Hold 5 bolts and 2 nuts for a quarter of an hour, all or nothing:
  $ holdfast reserve --dealer d-17 --warehouse north --order 4711 --hold 15m bolt-m8=5 nut-m8=2

  Take what there is, and confirm it at once:
  $ holdfast reserve --dealer d-17 --order 4712 --partial --commit bolt-m8=500

Too little stock ends with exit code 3, and says what there is.`;

export function registerReserve(program: Command, session: Session): void {
  addServerOptions(program.command("reserve"))
    .summary("hold stock for an order, or confirm it at once")
    .description("Holds stock for an order until it is committed, released or expires. All lines or none, by default.")
    .argument("<SKU=QTY...>", "what is ordered, in whole base units", collectLine)
    .requiredOption("--dealer <dealer>", "who orders (required)")
    .requiredOption("--order <order>", "the order's number (required)")
    .option("--warehouse <warehouse>", "where from (default: the warehouse that serves the dealer)")
    .option("--hold <duration>", "how long the hold lasts, such as 15m (default: by policy)", parseDurationMs)
    .option("--partial", "take what there is of each line")
    .option("--commit", "confirm at once, without a hold")
    .option("--request-id <id>", "makes a retry safe (default: a random one)")
    .addHelpText("after", EXAMPLES)
    .action((lines: LineArgument[], options: ReserveOptions) =>
      withClient(session, options, (client) => reserve(client, { session, lines, options })),
    );
}

async function reserve(
  client: HoldfastClient,
  input: { session: Session; lines: LineArgument[]; options: ReserveOptions },
): Promise<ExitCode> {
  const { session, lines, options } = input;
  const message = await client.reserve({
    requestId: options.requestId,
    dealerId: options.dealer,
    orderId: options.order,
    warehouseId: options.warehouse,
    lines,
    fillPolicy: options.partial ? FillPolicy.PARTIAL : FillPolicy.ALL_OR_NOTHING,
    holdDuration: options.hold === undefined ? undefined : durationFromMs(options.hold),
    commit: options.commit,
  });
  printAnswer(session, options, { schema: ReserveResponseSchema, message, describe: describeReserveResponse });
  return message.outcome === ReserveOutcome.REJECTED ? EXIT_REFUSED : EXIT_DONE;
}
