import type { Command } from "commander";
import {
  DriftResolution,
  ListDiscrepanciesResponseSchema,
  ListDriftRunsResponseSchema,
  RequestPositionsResponseSchema,
  ResolveDriftResponseSchema,
} from "../../client/index.js";
import { parseWholeNumber } from "../arguments.js";
import { type AttributionOptions, addAttributionOptions } from "../attribution-options.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeDiscrepancies, describeDriftRuns, describePositionsRequest } from "../views/drift-view.js";

interface RunsOptions extends ServerOptions, PageOptions {
  readonly source?: string;
}

interface DiscrepanciesOptions extends ServerOptions, PageOptions {
  readonly run?: string;
  readonly resolved?: boolean;
}

interface AskOptions extends ServerOptions, AttributionOptions {
  readonly full?: boolean;
  readonly warehouse?: string;
}

type ResolveOptions = ServerOptions & AttributionOptions;

/** What a person can decide, by the command's name. */
const RESOLUTIONS = [
  [
    "heal",
    DriftResolution.HEAL,
    "Applies the difference that was found, unless the stock was counted or healed since.",
  ],
  ["dismiss", DriftResolution.DISMISS, "Lets our figure stand; a quarantine of the stock ends."],
  ["quarantine", DriftResolution.QUARANTINE, "Lets nobody reserve the stock until it is decided otherwise."],
] as const;

const EXAMPLES = `
Examples:
  $ holdfast drift ask erp --full
  $ holdfast drift runs --source erp
  $ holdfast drift discrepancies north
  $ holdfast drift heal north 12 --actor ann --reason "counted, the ERP is right"
  $ holdfast drift dismiss north 13 --actor ann --reason "counted, we are right"`;

export function registerDrift(program: Command, session: Session): void {
  const drift = program
    .command("drift")
    .summary("compare figures with the ERP's, and see to what differs")
    .description(
      "Shows where our figures differ from a source's at the same point of its events, and decides about it.",
    )
    .addHelpText("after", EXAMPLES);
  registerDriftRuns(drift, session);
  registerDriftDiscrepancies(drift, session);
  registerDriftAsk(drift, session);
  for (const resolution of RESOLUTIONS) registerDriftResolution(drift, session, resolution);
}

function registerDriftRuns(drift: Command, session: Session): void {
  const command = addServerOptions(
    drift.command("runs").summary("list comparisons").description("Lists comparisons with the sources, newest first."),
  ).option("--source <source>", "of this source only");
  addPageOptions(command).action((options: RunsOptions) =>
    withClient(session, options, async (client) => {
      const { source } = options;
      const message = await readPages(options, {
        fetch: (page) => client.listDriftRuns({ source, ...page }),
        append: (into, next) => into.runs.push(...next.runs),
      });
      const describe = (): string => withMoreHint(describeDriftRuns(message.runs), message);
      return printAnswer(session, options, { schema: ListDriftRunsResponseSchema, message, describe });
    }),
  );
}

function registerDriftDiscrepancies(drift: Command, session: Session): void {
  const command = addServerOptions(
    drift
      .command("discrepancies")
      .summary("list stocks that differ")
      .description("Lists the stocks of a warehouse whose figures differ and that wait for a decision, newest first."),
  )
    .argument("<warehouse>")
    .option("--run <run>", "found by this run only")
    .option("--resolved", "those that were healed or dismissed as well");
  addPageOptions(command).action((warehouseId: string, options: DiscrepanciesOptions) =>
    withClient(session, options, async (client) => {
      const { run: runId, resolved: includeResolved } = options;
      const message = await readPages(options, {
        fetch: (page) => client.listDiscrepancies({ warehouseId, runId, includeResolved, ...page }),
        append: (into, next) => into.discrepancies.push(...next.discrepancies),
      });
      const describe = (): string => withMoreHint(describeDiscrepancies(message.discrepancies), message);
      return printAnswer(session, options, { schema: ListDiscrepanciesResponseSchema, message, describe });
    }),
  );
}

function registerDriftAsk(drift: Command, session: Session): void {
  const command = addServerOptions(
    drift
      .command("ask")
      .summary("ask a source for its positions")
      .description("Asks a source what it has, on the stream that it speaks on or the next that it opens."),
  )
    .argument("<source>")
    .option("--full", "everything, not only what moved lately")
    .option("--warehouse <warehouse>", "of this warehouse only");
  addAttributionOptions(command).action((source: string, options: AskOptions) =>
    withClient(session, options, async (client) => {
      const { full, warehouse: warehouseId, actor, reason } = options;
      const message = await client.requestPositions({ source, full, warehouseId, actor, reason });
      const describe = (): string => describePositionsRequest(message);
      return printAnswer(session, options, { schema: RequestPositionsResponseSchema, message, describe });
    }),
  );
}

function registerDriftResolution(
  drift: Command,
  session: Session,
  [name, resolution, what]: (typeof RESOLUTIONS)[number],
): void {
  const command = addServerOptions(drift.command(name).summary(`${name} a stock that differs`).description(what))
    .argument("<warehouse>")
    .argument("<number>", "of the discrepancy", parseWholeNumber);
  addAttributionOptions(command).action((warehouseId: string, number: bigint, options: ResolveOptions) =>
    withClient(session, options, async (client) => {
      const { actor, reason } = options;
      const message = await client.resolveDrift({ warehouseId, number, resolution, actor, reason });
      const describe = (): string =>
        describeDiscrepancies(message.discrepancy === undefined ? [] : [message.discrepancy]);
      return printAnswer(session, options, { schema: ResolveDriftResponseSchema, message, describe });
    }),
  );
}
