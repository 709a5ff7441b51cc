import type { Command } from "commander";
import { durationFromMs, ExtendResponseSchema } from "../../client/index.js";
import { parseDurationMs } from "../arguments.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";
import { describeReservation } from "../views/reservation-view.js";

interface ExtendOptions extends ServerOptions {
  readonly dealer: string;
  readonly hold?: number;
  readonly requestId?: string;
}

const EXAMPLES = `
Examples:
  Another half hour from now:
  $ holdfast extend --dealer d-17 --hold 30m RESERVATION_ID`;

export function registerExtend(program: Command, session: Session): void {
  addServerOptions(program.command("extend"))
    .summary("move the deadline of a hold")
    .description("Moves the deadline of a hold to a time from now. It may also shorten the hold.")
    .argument("<reservation>", "the reservation's id")
    .requiredOption("--dealer <dealer>", "whose reservation it is (required)")
    .option("--hold <duration>", "from now, such as 30m (default: by policy)", parseDurationMs)
    .option("--request-id <id>", "makes a retry safe (default: a random one)")
    .addHelpText("after", EXAMPLES)
    .action((reservationId: string, options: ExtendOptions) =>
      withClient(session, options, async (client) => {
        const { dealer: dealerId, requestId, hold } = options;
        const holdDuration = hold === undefined ? undefined : durationFromMs(hold);
        const message = await client.extend({ requestId, dealerId, reservationId, holdDuration });
        const describe = (): string => describeReservation(message.reservation);
        return printAnswer(session, options, { schema: ExtendResponseSchema, message, describe });
      }),
    );
}
