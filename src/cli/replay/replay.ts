/**
 * One replay from the first dealer to the recount. Everything it does to the server goes through the published client.
 */
import type { HoldfastClient } from "../../client/index.js";
import { endDay } from "./day-end.js";
import { ErpFeed } from "./erp-feed.js";
import { Lane } from "./lane.js";
import { Ledger } from "./ledger.js";
import { openForBusiness } from "./opening.js";
import { fateOf, type Shares } from "./order-fate.js";
import { getReservations, listReservations, readStocks } from "./readback.js";
import { compareReservations, compareStocks, type Difference } from "./recount.js";
import type { ReplayPlan, SkipReason, Step } from "./replay-plan.js";
import type { ReplayRun } from "./replay-run.js";
import { worldOf } from "./replay-world.js";
import { Tally } from "./tally.js";

export interface ReplaySettings {
  readonly runId: string;
  readonly seed: string;
  readonly stockShare: number;
  readonly shares: Shares;
  readonly inFlightMax: number;
}

/** How far the replay is; `linesPlayed` of `linesTotal`. */
export type OnProgress = (progress: { phase: string; linesPlayed: number; linesTotal: number }) => void;

export interface ReplayResult {
  readonly tally: Tally;
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** Reservations that ended so. */
  readonly expired: number;
  readonly fulfilled: number;
  readonly stocksCompared: number;
  readonly reservationsCompared: number;
  readonly oversoldUnits: number;
  /** What the record does not explain. */
  readonly unexplained: readonly Difference[];
}

/** Plays the plan, then holds the server's end state against the record. Throws when the server cannot be used. */
export async function replay(
  client: HoldfastClient,
  plan: ReplayPlan,
  settings: ReplaySettings,
  onProgress: OnProgress,
): Promise<ReplayResult> {
  const run: ReplayRun = {
    client,
    world: worldOf(plan, settings),
    ledger: new Ledger(),
    tally: new Tally(),
    fateOf: (step) => fateOf(step, settings.seed, settings.shares),
    played: new Map(),
    findings: [],
    inFlightMax: settings.inFlightMax,
  };
  const steps = plan.days.flat();
  const progress = {
    phase: "stocking",
    linesPlayed: 0,
    linesTotal: steps.reduce((sum, { lines }) => sum + lines.length, 0),
  };
  onProgress(progress);
  const feed = new ErpFeed(client, run.world.source, run.findings);
  await openForBusiness(run, feed);
  progress.phase = "playing";
  await play(run, { plan, feed }, (lines) => {
    progress.linesPlayed += lines;
    onProgress(progress);
  });
  progress.phase = "recounting";
  onProgress(progress);
  return recounted(run, plan);
}

async function play(
  run: ReplayRun,
  input: { plan: ReplayPlan; feed: ErpFeed },
  onPlayed: (lines: number) => void,
): Promise<void> {
  const { plan, feed } = input;
  const lanes = new Map(run.world.warehouseIds.map((warehouseId) => [warehouseId, new Lane(run)]));
  try {
    for (const day of plan.days) {
      const startedAtMs = performance.now();
      await Promise.all(
        Array.from(lanes, ([warehouseId, lane]) => lane.play(stepsAt(run, day, warehouseId), onPlayed)),
      );
      run.tally.playedMs += performance.now() - startedAtMs;
      await endDay(run, feed);
    }
    // One more, so that what left in two parts on the last day leaves wholly.
    await endDay(run, feed);
    await Promise.all(Array.from(lanes.values(), (lane) => lane.end()));
  } finally {
    for (const lane of lanes.values()) lane.cancel();
  }
}

function stepsAt(run: ReplayRun, day: readonly Step[], warehouseId: string): Step[] {
  return day.filter(({ customerId }) => run.world.dealers.get(customerId)?.warehouseId === warehouseId);
}

async function recounted(run: ReplayRun, plan: ReplayPlan): Promise<ReplayResult> {
  const { client, world, ledger, tally, findings, inFlightMax } = run;
  const stocks = await readStocks(client, world);
  const listed = await listReservations(client, world, inFlightMax);
  const gotten = await getReservations(client, ledger, inFlightMax);
  const unexplained = distinct([
    ...findings,
    ...compareStocks(ledger, stocks),
    ...compareReservations(ledger, listed),
    ...compareReservations(ledger, gotten),
  ]);
  const skipped = new Map(plan.skipped);
  if (tally.unmatchedLines > 0) skipped.set("no matching order", tally.unmatchedLines);
  const endStates = Array.from(ledger.reservations(), ({ state }) => state);
  return {
    tally,
    skipped,
    expired: endStates.filter((state) => state === "EXPIRED").length,
    fulfilled: endStates.filter((state) => state === "FULFILLED").length,
    stocksCompared: stocks.length,
    reservationsCompared: endStates.length,
    oversoldUnits: ledger.oversoldUnits,
    unexplained,
  };
}

/** The same difference, found in a list and by a get, is one. */
function distinct(differences: readonly Difference[]): Difference[] {
  return [...new Map(differences.map((each) => [JSON.stringify(each), each])).values()];
}
