import { type Command, Option } from "commander";
import { ReleaseReason, ReleaseResponseSchema } from "../../client/index.js";
import { collectLine, type LineArgument } from "../arguments.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";
import { describeReservation } from "../views/reservation-view.js";

const REASONS = {
  cancelled: ReleaseReason.CANCELLED,
  rejected: ReleaseReason.REJECTED,
  "dispatch-failed": ReleaseReason.DISPATCH_FAILED,
} as const;

interface ReleaseOptions extends ServerOptions {
  readonly dealer: string;
  readonly reason: keyof typeof REASONS;
  readonly requestId?: string;
}

const EXAMPLES = `
Examples:
  $ holdfast release --dealer d-17 RESERVATION_ID
  Give 2 bolts back, keep the rest:
  $ holdfast release --dealer d-17 RESERVATION_ID bolt-m8=2`;

export function registerRelease(program: Command, session: Session): void {
  addServerOptions(program.command("release"))
    .summary("give reserved or confirmed stock back")
    .description("Gives back open units of a held or confirmed reservation: the lines named, or all that is open.")
    .argument("<reservation>", "the reservation's id")
    .argument("[SKU=QTY...]", "what to give back", collectLine)
    .requiredOption("--dealer <dealer>", "whose reservation it is (required)")
    .addOption(new Option("--reason <reason>", "why").choices(Object.keys(REASONS)).default("cancelled"))
    .option("--request-id <id>", "makes a retry safe (default: a random one)")
    .addHelpText("after", EXAMPLES)
    .action((reservationId: string, lines: LineArgument[], options: ReleaseOptions) =>
      withClient(session, options, async (client) => {
        const { dealer: dealerId, requestId } = options;
        const reason = REASONS[options.reason];
        const message = await client.release({ requestId, dealerId, reservationId, lines, reason });
        const describe = (): string => describeReservation(message.reservation);
        return printAnswer(session, options, { schema: ReleaseResponseSchema, message, describe });
      }),
    );
}
