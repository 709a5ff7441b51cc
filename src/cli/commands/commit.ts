import type { Command } from "commander";
import { CommitResponseSchema } from "../../client/index.js";
import { collectLine, type LineArgument } from "../arguments.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";
import { describeReservation } from "../views/reservation-view.js";

interface CommitOptions extends ServerOptions {
  readonly dealer: string;
  readonly requestId?: string;
}

const EXAMPLES = `
Examples:
  $ holdfast commit --dealer d-17 RESERVATION_ID
  Confirm 3 bolts and give the rest back:
  $ holdfast commit --dealer d-17 RESERVATION_ID bolt-m8=3`;

export function registerCommit(program: Command, session: Session): void {
  addServerOptions(program.command("commit"))
    .summary("confirm a hold, wholly or in part")
    .description("Confirms a hold: the lines named, or all that is open. What a partial commit leaves is released.")
    .argument("<reservation>", "the reservation's id")
    .argument("[SKU=QTY...]", "what to confirm", collectLine)
    .requiredOption("--dealer <dealer>", "whose reservation it is (required)")
    .option("--request-id <id>", "makes a retry safe (default: a random one)")
    .addHelpText("after", EXAMPLES)
    .action((reservationId: string, lines: LineArgument[], options: CommitOptions) =>
      withClient(session, options, async (client) => {
        const { dealer: dealerId, requestId } = options;
        const message = await client.commit({ requestId, dealerId, reservationId, lines });
        const describe = (): string => describeReservation(message.reservation);
        return printAnswer(session, options, { schema: CommitResponseSchema, message, describe });
      }),
    );
}
