import type { Command } from "commander";
import { AtRiskResolution, ListAtRiskResponseSchema, ResolveAtRiskResponseSchema } from "../../client/index.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeAtRisk } from "../views/at-risk-view.js";
import { describeReservation } from "../views/reservation-view.js";

interface ListOptions extends ServerOptions, PageOptions {
  readonly warehouse?: string;
  readonly kept?: boolean;
}

interface ResolveOptions extends ServerOptions {
  readonly actor?: string;
  readonly reason: string;
}

const LIST = 'Lists order lines that are not covered by what is there: "holdfast at-risk list --warehouse north".';
const RELEASE = "Ends what is open of a reservation that is at risk.";
const KEEP = "Lets a reservation that is at risk stand: goods will come.";

const EXAMPLES = `
Examples:
  $ holdfast at-risk list --warehouse north
  $ holdfast at-risk keep RESERVATION_ID --reason "truck on Monday"
  $ holdfast at-risk release RESERVATION_ID --actor ann --reason "out of production"`;

export function registerAtRisk(program: Command, session: Session): void {
  const atRisk = program
    .command("at-risk")
    .summary("see to orders that are not covered")
    .description("Shows the orders that are not covered by what is there, and releases or keeps them.")
    .addHelpText("after", EXAMPLES);
  registerAtRiskList(atRisk, session);
  const resolve = { release: AtRiskResolution.RELEASE, keep: AtRiskResolution.KEEP };
  registerResolve(
    atRisk.command("release").summary("end what is open of one").description(RELEASE),
    session,
    resolve.release,
  );
  registerResolve(atRisk.command("keep").summary("let one stand").description(KEEP), session, resolve.keep);
}

function registerAtRiskList(atRisk: Command, session: Session): void {
  const command = addServerOptions(atRisk.command("list").summary("list the lines").description(LIST))
    .option("--warehouse <warehouse>", "of this warehouse only")
    .option("--kept", "those that somebody decided to keep as well");
  addPageOptions(command).action((options: ListOptions) =>
    withClient(session, options, async (client) => {
      const { warehouse: warehouseId, kept: includeKept } = options;
      const message = await readPages(options, {
        fetch: (page) => client.listAtRisk({ warehouseId, includeKept, ...page }),
        append: (into, next) => into.lines.push(...next.lines),
      });
      const describe = (): string => withMoreHint(describeAtRisk(message.lines), message);
      return printAnswer(session, options, { schema: ListAtRiskResponseSchema, message, describe });
    }),
  );
}

function registerResolve(command: Command, session: Session, resolution: AtRiskResolution): void {
  addServerOptions(command)
    .argument("<reservation>", "the reservation's id")
    .requiredOption("--reason <reason>", "why, for the record (required)")
    .option("--actor <actor>", "who does this, for the record")
    .action((reservationId: string, options: ResolveOptions) =>
      withClient(session, options, async (client) => {
        const { actor, reason } = options;
        const message = await client.resolveAtRisk({ reservationId, resolution, actor, reason });
        const describe = (): string => describeReservation(message.reservation);
        return printAnswer(session, options, { schema: ResolveAtRiskResponseSchema, message, describe });
      }),
    );
}
