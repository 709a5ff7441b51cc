import type { Command } from "commander";
import { AttachDispatchResponseSchema, ListDispatchExceptionsResponseSchema } from "../../client/index.js";
import { parseWholeNumber } from "../arguments.js";
import { type AttributionOptions, addAttributionOptions } from "../attribution-options.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeDispatchExceptions } from "../views/dispatch-exception-view.js";

interface ListOptions extends ServerOptions, PageOptions {
  readonly sku?: string;
  readonly resolved?: boolean;
}

interface AttachOptions extends ServerOptions, AttributionOptions {
  readonly quantity?: bigint;
}

const LIST = 'Lists dispatches that matched no order, newest first: "holdfast exceptions list north --sku bolt-m8".';
const ATTACH = "Gives the units of a dispatch to the confirmed reservation that they were for.";

const EXAMPLES = `
Examples:
  $ holdfast exceptions list north
  $ holdfast exceptions attach north 3 RESERVATION_ID --quantity 2 --actor ann --reason "wrong order number"`;

export function registerExceptions(program: Command, session: Session): void {
  const exceptions = program
    .command("exceptions")
    .summary("see to dispatches that matched no order")
    .description("Shows the dispatches that matched no order, and gives them to the reservation that they were for.")
    .addHelpText("after", EXAMPLES);
  registerExceptionsList(exceptions, session);
  registerExceptionsAttach(exceptions, session);
}

function registerExceptionsList(exceptions: Command, session: Session): void {
  const command = addServerOptions(exceptions.command("list").summary("list the dispatches").description(LIST))
    .argument("<warehouse>")
    .option("--sku <sku>", "of this SKU only")
    .option("--resolved", "those whose units are all attached as well");
  addPageOptions(command).action((warehouseId: string, options: ListOptions) =>
    withClient(session, options, async (client) => {
      const { sku, resolved: includeResolved } = options;
      const message = await readPages(options, {
        fetch: (page) => client.listDispatchExceptions({ warehouseId, sku, includeResolved, ...page }),
        append: (into, next) => into.exceptions.push(...next.exceptions),
      });
      const describe = (): string => withMoreHint(describeDispatchExceptions(message.exceptions), message);
      return printAnswer(session, options, { schema: ListDispatchExceptionsResponseSchema, message, describe });
    }),
  );
}

function registerExceptionsAttach(exceptions: Command, session: Session): void {
  const command = addServerOptions(
    exceptions.command("attach").summary("say whose units they were").description(ATTACH),
  )
    .argument("<warehouse>")
    .argument("<number>", "of the exception", parseWholeNumber)
    .argument("<reservation>", "the reservation's id")
    .option("--quantity <units>", "how many (default: as many as there are)", parseWholeNumber);
  addAttributionOptions(command).action(
    (warehouseId: string, exception: bigint, reservationId: string, options: AttachOptions) =>
      withClient(session, options, async (client) => {
        const { quantity, actor, reason } = options;
        const message = await client.attachDispatch({ warehouseId, exception, reservationId, quantity, actor, reason });
        const describe = (): string =>
          describeDispatchExceptions(message.exception === undefined ? [] : [message.exception]);
        return printAnswer(session, options, { schema: AttachDispatchResponseSchema, message, describe });
      }),
  );
}
