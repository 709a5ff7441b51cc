import { type Command, Option } from "commander";
import {
  durationFromMs,
  GapPolicy,
  GetSourceResponseSchema,
  ListSourcesResponseSchema,
  MoveStockSourceResponseSchema,
  PutSourceResponseSchema,
  SkipGapResponseSchema,
} from "../../client/index.js";
import { parseDurationMs, parseWholeNumber } from "../arguments.js";
import { type AttributionOptions, addAttributionOptions } from "../attribution-options.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { addPageOptions, type PageOptions, readPages, withMoreHint } from "../page-options.js";
import type { Session } from "../session.js";
import { describeSource, describeSources } from "../views/source-view.js";

const GAP_POLICIES = { wait: GapPolicy.WAIT, skip: GapPolicy.SKIP } as const;

interface PutOptions extends ServerOptions, AttributionOptions {
  readonly warehouse: readonly string[];
  readonly laggingAfter?: number;
  readonly staleAfter?: number;
  readonly gapWait?: number;
  readonly gapPolicy?: keyof typeof GAP_POLICIES;
}

interface MoveOptions extends ServerOptions, AttributionOptions {
  readonly to: string;
  readonly fromSequence: bigint;
}

interface SkipOptions extends ServerOptions, AttributionOptions {
  readonly last: bigint;
}

const PUT = "Registers an ERP feed, or changes it as a whole: what is not named is as configured from then on.";
const GET = 'Shows how one source stands: "holdfast source get erp".';
const LIST = 'Lists the sources: "holdfast source list".';
const MOVE = "Makes another source a stock's source of record, from one of its sequences on.";
const SKIP = "Passes over events that a source will not send, up to the end of its first gap.";

const EXAMPLES = `
Examples:
  $ holdfast source put erp --warehouse north --warehouse south --stale-after 10m
  $ holdfast source get erp
  $ holdfast source move north bolt-m8 --to wms --from-sequence 1
  $ holdfast source skip-gap erp --last 4711 --actor ann --reason "lost with the old server"`;

export function registerSource(program: Command, session: Session): void {
  const source = program
    .command("source")
    .summary("see and set ERP feeds, and pass over what one lost")
    .description("Shows and sets ERP feeds, moves stocks between them, and passes over what one lost.")
    .addHelpText("after", EXAMPLES);
  registerSourceList(source, session);
  registerSourceGet(source, session);
  registerSourcePut(source, session);
  registerSourceMove(source, session);
  registerSourceSkipGap(source, session);
}

function registerSourceList(source: Command, session: Session): void {
  const command = source.command("list").summary("list the sources").description(LIST);
  addPageOptions(addServerOptions(command)).action((options: ServerOptions & PageOptions) =>
    withClient(session, options, async (client) => {
      const message = await readPages(options, {
        fetch: (page) => client.listSources(page),
        append: (into, next) => into.sources.push(...next.sources),
      });
      const describe = (): string => withMoreHint(describeSources(message.sources), message);
      return printAnswer(session, options, { schema: ListSourcesResponseSchema, message, describe });
    }),
  );
}

function registerSourceGet(source: Command, session: Session): void {
  addServerOptions(source.command("get").summary("show one source").description(GET))
    .argument("<source>", "its name")
    .action((name: string, options: ServerOptions) =>
      withClient(session, options, async (client) => {
        const message = await client.getSource({ source: name });
        const describe = (): string => describeSource(message.source);
        return printAnswer(session, options, { schema: GetSourceResponseSchema, message, describe });
      }),
    );
}

function registerSourcePut(source: Command, session: Session): void {
  const collect = (warehouse: string, before: readonly string[]): string[] => [...before, warehouse];
  const command = addServerOptions(source.command("put").summary("register a source, or change it").description(PUT))
    .argument("<source>", "its name")
    .option("--warehouse <warehouse>", "that it feeds; may stand several times", collect, [])
    .option("--lagging-after <duration>", "silent for this long: its figures lag", parseDurationMs)
    .option("--stale-after <duration>", "silent for this long: it is away, and orders are provisional", parseDurationMs)
    .option("--gap-wait <duration>", "how long to wait for a missing event", parseDurationMs)
    .addOption(new Option("--gap-policy <policy>", "what then").choices(Object.keys(GAP_POLICIES)));
  addAttributionOptions(command).action((name: string, options: PutOptions) =>
    withClient(session, options, async (client) => {
      const { warehouse: warehouseIds, laggingAfter, staleAfter, gapWait, gapPolicy, actor, reason } = options;
      const span = (ms: number | undefined) => (ms === undefined ? undefined : durationFromMs(ms));
      const thresholds = {
        laggingAfter: span(laggingAfter),
        staleAfter: span(staleAfter),
        gapWait: span(gapWait),
        gapPolicy: gapPolicy === undefined ? undefined : GAP_POLICIES[gapPolicy],
      };
      const message = await client.putSource({
        source: { source: name, warehouseIds: [...warehouseIds], thresholds },
        actor,
        reason,
      });
      const describe = (): string => describeSource(message.source);
      return printAnswer(session, options, { schema: PutSourceResponseSchema, message, describe });
    }),
  );
}

function registerSourceMove(source: Command, session: Session): void {
  const command = addServerOptions(source.command("move").summary("give a stock another source").description(MOVE))
    .argument("<warehouse>")
    .argument("<sku>")
    .requiredOption("--to <source>", "the new source (required)")
    .requiredOption("--from-sequence <number>", "its first sequence that counts (required)", parseWholeNumber);
  addAttributionOptions(command).action((warehouseId: string, sku: string, options: MoveOptions) =>
    withClient(session, options, async (client) => {
      const { to, fromSequence, actor, reason } = options;
      const message = await client.moveStockSource({ warehouseId, sku, source: to, fromSequence, actor, reason });
      const describe = (): string =>
        `${warehouseId} ${sku}: ${message.previousSource || "no source"} -> ${message.source}`;
      return printAnswer(session, options, { schema: MoveStockSourceResponseSchema, message, describe });
    }),
  );
}

function registerSourceSkipGap(source: Command, session: Session): void {
  const command = addServerOptions(source.command("skip-gap").summary("pass over what is missing").description(SKIP))
    .argument("<source>", "its name")
    .requiredOption("--last <number>", "the last sequence that is passed over (required)", parseWholeNumber);
  addAttributionOptions(command).action((name: string, options: SkipOptions) =>
    withClient(session, options, async (client) => {
      const { last, actor, reason } = options;
      const message = await client.skipGap({ source: name, last, actor, reason });
      const describe = (): string => {
        const { skipped, appliedSequence } = message;
        const what = skipped === undefined ? "nothing to skip" : `skipped #${skipped.first} to #${skipped.last}`;
        return `${name}: ${what}, applied up to #${appliedSequence}`;
      };
      return printAnswer(session, options, { schema: SkipGapResponseSchema, message, describe });
    }),
  );
}
