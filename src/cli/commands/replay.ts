import { SingleBar } from "cli-progress";
import { type Command, Option } from "commander";
import { HoldfastClient, HoldfastError } from "../../client/index.js";
import { countUpTo, parseFactor, parseShare } from "../arguments.js";
import { serverOption } from "../client-command.js";
import { EXIT_DONE, EXIT_FAILURE } from "../exit-code.js";
import { describeFailure, exitCodeOf, failureAsJson } from "../failure.js";
import { startEmbeddedServer } from "../replay/embedded-server.js";
import { readOrderRows } from "../replay/order-rows.js";
import { type OnProgress, type ReplayResult, type ReplaySettings, replay } from "../replay/replay.js";
import { planReplay } from "../replay/replay-plan.js";
import { describeResult, isClean, resultAsJson } from "../replay/replay-report.js";
import type { Session } from "../session.js";

interface ReplayOptions {
  readonly orders: string;
  readonly server: string;
  readonly embedded?: boolean;
  readonly json?: boolean;
  readonly seed: string;
  readonly inFlight: number;
  readonly stockShare: number;
  readonly commitShare: number;
  readonly expireShare: number;
  readonly dispatchShare: number;
  readonly partialShare: number;
}

const AFTER_HELP = `
The file has the columns order_id, placed_at, customer_id, sku, quantity; an order_id that begins with C is a
cancellation. Each customer becomes a dealer of one of three warehouses. Orders go through ReserveStream, many dealers
at once; what becomes of each is drawn from the seed. At the end every figure of the server is held against a recount
from the answers alone: 0 units oversold and 0 unexplained differences end with exit code 0, anything else with 1.
Every name carries a run id, so a server that holds other data is not disturbed.

Examples:
  Against a server started for this, in a temporary folder:
  $ holdfast replay --orders wholesale-orders.csv --embedded
  Against a running one, with less stock:
  $ holdfast replay --orders wholesale-orders.csv --server 127.0.0.1:7420 --stock-share 0.5`;

export function registerReplay(program: Command, session: Session): void {
  const command = program
    .command("replay")
    .summary("play a file of real orders, and recount the outcome")
    .description("Plays a file of real orders against a server, and recounts the outcome independently.")
    .requiredOption("--orders <file>", "the orders, as CSV (required)")
    .addOption(serverOption())
    .addOption(new Option("--embedded", "start a server in a temporary folder, and stop it at the end"))
    .option("--json", "print one JSON object, for scripts")
    .option("--seed <seed>", "what becomes of each order; the same seed, the same outcome", "1")
    .option("--in-flight <count>", "calls under way at a time, for each warehouse", countUpTo(1_000), 32);
  command.option("--stock-share <factor>", "stock of each SKU, as a share of its demand", parseFactor, 0.8);
  addShare(command, "--commit-share", "orders that are confirmed", 0.7);
  addShare(command, "--expire-share", "of those not confirmed: left to expire", 0.5);
  addShare(command, "--dispatch-share", "of those confirmed: dispatched, wholly or in part", 0.6);
  addShare(command, "--partial-share", "orders that may be filled partly", 0.5);
  command.addHelpText("after", AFTER_HELP).action((options: ReplayOptions) => {
    if (options.embedded && command.getOptionValueSource("server") === "cli") {
      command.error("error: name either --server or --embedded");
    }
    return runReplay(session, options);
  });
}

function addShare(command: Command, flag: string, what: string, share: number): void {
  command.addOption(new Option(`${flag} <share>`, what).argParser(parseShare).default(share));
}

async function runReplay(session: Session, options: ReplayOptions): Promise<void> {
  const { terminal } = session;
  let address = options.server;
  try {
    const plan = planReplay(await readOrderRows(options.orders));
    const starting = options.embedded ? startEmbeddedServer() : undefined;
    const result = await interruptible(
      async (signal) => {
        const embedded = await starting;
        address = embedded?.address ?? address;
        return playAt(address, { session, options, signal, plan }).catch((error: unknown) => {
          // Only its own log says why a server failed, and that log ends here.
          if (error instanceof HoldfastError) for (const line of embedded?.lastLines ?? []) terminal.printError(line);
          throw error;
        });
      },
      async () => (await starting)?.stop(),
    );
    terminal.print(options.json ? resultAsJson(result) : describeResult(result));
    session.exitCode = isClean(result) ? EXIT_DONE : EXIT_FAILURE;
  } catch (error) {
    terminal.printError(options.json ? failureAsJson(error) : describeFailure(error, address));
    session.exitCode = exitCodeOf(error);
  }
}

async function playAt(
  address: string,
  input: { session: Session; options: ReplayOptions; signal: AbortSignal; plan: ReturnType<typeof planReplay> },
): Promise<ReplayResult> {
  const { session, options, signal, plan } = input;
  const client = new HoldfastClient(address, { deadlineMs: 30_000 });
  const bar = progressBar(session, options);
  const interrupted = new Promise<never>((_, reject) => {
    const interrupt = (): void => reject(new Error("interrupted"));
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
  });
  try {
    return await Promise.race([replay(client, plan, settingsOf(options), bar.show), interrupted]);
  } finally {
    bar.stop();
    client.close();
  }
}

function settingsOf(options: ReplayOptions): ReplaySettings {
  const { seed, stockShare, inFlight: inFlightMax } = options;
  const runId = `replay-${crypto.randomUUID().slice(0, 8)}`;
  const { partialShare: partial, commitShare: commit, expireShare: expire, dispatchShare: dispatch } = options;
  return { runId, seed, stockShare, inFlightMax, shares: { partial, commit, expire, dispatch } };
}

/** Only on a terminal, and on standard error, so that a pipe gets the result alone. */
function progressBar(session: Session, options: ReplayOptions): { show: OnProgress; stop: () => void } {
  if (!session.terminal.interactive || options.json) return { show: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: "{phase} [{bar}] {value}/{total} lines",
    hideCursor: true,
  });
  let started = false;
  return {
    show: ({ phase, linesPlayed, linesTotal }) => {
      if (!started) bar.start(linesTotal, linesPlayed, { phase });
      else bar.update(linesPlayed, { phase });
      started = true;
    },
    stop: () => bar.stop(),
  };
}

/** Runs the work; `clean` follows in any case, also when a signal ends the work early. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, clean: () => Promise<void>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener("SIGINT", abort);
    process.removeListener("SIGTERM", abort);
    await clean();
  }
}
