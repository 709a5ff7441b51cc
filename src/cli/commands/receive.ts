import type { Command } from "commander";
import {
  Disposition,
  type EventInput,
  type HoldfastClient,
  type StreamEventsResponse,
  StreamEventsResponseSchema,
  timestampFromDate,
} from "../../client/index.js";
import { collectLine, type LineArgument } from "../arguments.js";
import { addServerOptions, printAnswer, type ServerOptions, withClient } from "../client-command.js";
import { EXIT_DONE, EXIT_FAILURE, EXIT_REFUSED, type ExitCode } from "../exit-code.js";
import type { Session } from "../session.js";

interface ReceiveOptions extends ServerOptions {
  readonly warehouse: string;
  readonly source: string;
  readonly reference?: string;
}

const EXAMPLES = `
Examples:
  $ holdfast receive --warehouse north bolt-m8=100 nut-m8=250
  $ holdfast receive --warehouse north --source wms --reference delivery-88 washer-m8=40

The first source that names a stock becomes its source of record: later events of other sources are refused.
One program at a time may number the events of a source.`;

export function registerReceive(program: Command, session: Session): void {
  addServerOptions(program.command("receive"))
    .summary("book goods in, as the ERP would")
    .description("Books goods in, as one numbered StockReceived event of a source for each line.")
    .argument("<SKU=QTY...>", "what came in, in whole base units", collectLine)
    .requiredOption("--warehouse <warehouse>", "where the goods are (required)")
    .option("--source <source>", "whose events these are", "command-line")
    .option("--reference <reference>", "a delivery note or the like")
    .addHelpText("after", EXAMPLES)
    .action((lines: LineArgument[], options: ReceiveOptions) =>
      withClient(session, options, (client) => receive(client, { session, lines, options })),
    );
}

async function receive(
  client: HoldfastClient,
  input: { session: Session; lines: LineArgument[]; options: ReceiveOptions },
): Promise<ExitCode> {
  const { session, lines, options } = input;
  const { appliedSequence, gaps } = await client.getSourceStatus({ source: options.source });
  if (gaps.length > 0) {
    session.terminal.printError(
      `Failed: events ${gaps[0]?.first} to ${gaps[0]?.last} of source ${options.source} are missing.\n` +
        "  Its connector has to send them first; use another --source for other stocks.",
    );
    return EXIT_FAILURE;
  }
  const events = lines.map((line, index) => stockReceived(line, appliedSequence + BigInt(index + 1), options));
  let exitCode: ExitCode = EXIT_DONE;
  let index = 0;
  for await (const message of client.streamEvents(events, { answerTimeoutMs: options.timeout })) {
    const line = lines[index++];
    const describe = (): string => describeAnswer(line, message);
    printAnswer(session, options, { schema: StreamEventsResponseSchema, message, describe });
    exitCode = worse(exitCode, message.disposition);
  }
  return exitCode;
}

function stockReceived(line: LineArgument, sequence: bigint, options: ReceiveOptions): EventInput {
  return {
    source: options.source,
    sequence,
    eventId: `receive-${crypto.randomUUID()}`,
    occurTime: timestampFromDate(new Date()),
    body: {
      case: "stockReceived",
      value: { warehouseId: options.warehouse, ...line, reference: options.reference },
    },
  };
}

function worse(exitCode: ExitCode, disposition: Disposition): ExitCode {
  if (disposition === Disposition.APPLIED) return exitCode;
  if (disposition === Disposition.REJECTED) return EXIT_REFUSED;
  return exitCode === EXIT_DONE ? EXIT_FAILURE : exitCode;
}

function describeAnswer(line: LineArgument | undefined, answer: StreamEventsResponse): string {
  const what = `${line?.sku} +${line?.quantity}`;
  const event = `${answer.source} #${answer.sequence}`;
  switch (answer.disposition) {
    case Disposition.APPLIED:
      return `${what}  booked as ${event}`;
    case Disposition.REJECTED:
      return `${what}  refused as ${event}: ${answer.reason}`;
    default:
      return `${what}  not booked: another program sends as ${answer.source} too (${event} is ${Disposition[answer.disposition]})`;
  }
}
