import type { Command } from "commander";
import { GetReservationResponseSchema } from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import type { Session } from "../session.js";
import { describeReservation } from "../views/reservation-view.js";

interface GetOptions extends ServerOptions {
  readonly dealer: string;
}

const EXAMPLES = `
Examples:
  $ holdfast get --dealer d-17 RESERVATION_ID
  $ holdfast get --dealer d-17 --json RESERVATION_ID | jq -r .reservation.state`;

export function registerGet(program: Command, session: Session): void {
  addServerOptions(program.command("get"))
    .summary("show one reservation")
    .description("Shows one reservation, open or ended, with its lines.")
    .argument("<reservation>", "the reservation's id")
    .requiredOption("--dealer <dealer>", "whose reservation it is (required)")
    .addHelpText("after", EXAMPLES)
    .action((reservationId: string, options: GetOptions) =>
      withClient(session, options, async (client) => {
        const message = await client.getReservation({ dealerId: options.dealer, reservationId });
        const describe = (): string => describeReservation(message.reservation);
        return printAnswer(session, options, { schema: GetReservationResponseSchema, message, describe });
      }),
    );
}
