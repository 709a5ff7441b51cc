/**
 * The bad morning, from the opening of the warehouses to the account: dealers come in, the ERP is unplugged at the peak, is plugged in
 * again with some of its events lost, and at the end everybody is asked what is true.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  DriftAction,
  durationFromMs,
  GapPolicy,
  type GetSyncHealthResponse,
  HoldfastClient,
  SourceState,
} from "../../../src/client/index.js";
import { type Service, SimulatedErp, SOURCE, type Stage } from "./cast.js";
import { Confirmations } from "./confirmations.js";
import { Dealers } from "./dealers.js";
import { type Reckoning, reckon } from "./reckoning.js";

export interface MorningOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly dealers: number;
  readonly ordersPerSecondMax: number;
  readonly onProgress: (progress: Progress) => void;
}

/** What is seen each second. */
export interface Progress {
  readonly phase: string;
  readonly source: string;
  readonly orders: number;
  readonly provisional: number;
  readonly atRiskUnits: number;
  readonly gaps: number;
}

const WAREHOUSES = ["north", "middle", "south"];
const SKUS = 500;
const UNITS_OF_EACH = 120;
const MINUTE_MS = 60_000;
/** Parts of the morning: dealers order in the first four fifths; the ERP is away for two fifths of it, from the peak on. */
const ORDERING = 0.8;
const DRIFT_AT = 0.15;
const AWAY_AT = 0.3;
const BACK_AT = 0.7;
const LOST = "2%";
/** How long everything may take to come to rest. */
const REST_MS = 180_000;

export async function playMorning(service: Service, options: MorningOptions): Promise<Reckoning> {
  const client = new HoldfastClient(service.address, { deadlineMs: 30_000 });
  const stage: Stage = { warehouseIds: WAREHOUSES, skus: SKUS, unitsOfEach: UNITS_OF_EACH, seed: options.seed };
  const skus = Array.from({ length: SKUS }, (_, index) => `SKU-${String(index + 1).padStart(3, "0")}`);
  const dealers = new Dealers({ client, ...options, warehouseIds: WAREHOUSES, skus });
  await putPolicies(client);
  const erp = new SimulatedErp(service.address, stage);
  const confirmations = new Confirmations(client);
  const watch = new Watch(client, dealers, options.onProgress);
  try {
    watch.phase = "opening";
    await watch.until((health) => appliedSequence(health) >= WAREHOUSES.length * SKUS);
    await dealers.register();
    const totalMs = options.minutes * MINUTE_MS;
    await Promise.all([
      dealers.order(totalMs * ORDERING, (share) => options.ordersPerSecondMax * crowd(share)),
      tellErp(erp, watch, totalMs),
    ]);
    watch.phase = "coming to rest";
    erp.tell("lose 0");
    erp.tell("quiet");
    await comeToRest(client, erp, watch);
    const report = await erp.quit();
    await confirmations.stop();
    return await reckon(client, {
      dealers,
      erp: report,
      facts: {
        ...options,
        outageSeconds: Math.round((totalMs * (BACK_AT - AWAY_AT)) / 1_000),
        provisionalConfirmed: confirmations.count,
      },
    });
  } finally {
    watch.stop();
    await confirmations.stop();
    await erp.end();
    client.close();
  }
}

/** How many of the dealers who come at the peak come now: few at the door, a crowd from a third on, fewer towards noon. */
function crowd(share: number): number {
  if (share < 0.3) return 0.3 + (0.7 * share) / 0.3;
  return share < 0.75 ? 1 : 1 - (0.8 * (share - 0.75)) / 0.25;
}

/** A connector that speaks every second is away after five; what it lost is passed over after two, and its figures are taken. */
async function putPolicies(client: HoldfastClient): Promise<void> {
  await client.putSource({
    source: {
      source: SOURCE,
      warehouseIds: WAREHOUSES,
      thresholds: {
        laggingAfter: durationFromMs(3_000),
        staleAfter: durationFromMs(5_000),
        gapWait: durationFromMs(2_000),
        gapPolicy: GapPolicy.SKIP,
      },
    },
    actor: "demo",
    reason: "a connector that speaks every second",
  });
  await client.putPolicy({ policy: { driftAction: DriftAction.HEAL }, actor: "demo", reason: "the ERP is right" });
}

async function tellErp(erp: SimulatedErp, watch: Watch, totalMs: number): Promise<void> {
  watch.phase = "morning";
  await sleep(totalMs * DRIFT_AT);
  erp.tell("drift 20");
  await sleep(totalMs * (AWAY_AT - DRIFT_AT));
  watch.phase = "ERP unplugged";
  erp.tell("away");
  await sleep(totalMs * (BACK_AT - AWAY_AT));
  watch.phase = "ERP back, losing events";
  erp.tell(`lose ${LOST}`);
  erp.tell("back");
  await sleep(totalMs * (ORDERING - BACK_AT));
}

/** Until the ERP has told everything, no hold is left, and the last positions agree. */
async function comeToRest(client: HoldfastClient, erp: SimulatedErp, watch: Watch): Promise<void> {
  await watch.until((health) => health.sources.every(({ state }) => state === SourceState.LIVE));
  let openUnits = -1;
  for (;;) {
    await sleep(2_000);
    const counts = await erp.counts();
    const health = await client.getSyncHealth({});
    const isQuiet = counts.settled && health.gaps?.value === 0n && counts.open_units === openUnits;
    openUnits = counts.open_units;
    if (!isQuiet) continue;
    const before = counts.position_runs;
    await client.requestPositions({ source: SOURCE, full: true, actor: "demo", reason: "the end of the morning" });
    for (let waitedMs = 0; (await erp.counts()).position_runs === before; waitedMs += 250) {
      if (waitedMs > REST_MS) throw new Error("the ERP was asked for its positions and did not tell them");
      await sleep(250);
    }
    return;
  }
}

function appliedSequence(health: GetSyncHealthResponse): number {
  return Number(health.sources.find(({ source }) => source === SOURCE)?.appliedSequence ?? 0n);
}

/** Looks at the health of the sync once a second, for whoever waits for something and for whoever watches. */
class Watch {
  phase = "";
  readonly #client: HoldfastClient;
  readonly #timer: NodeJS.Timeout;

  constructor(client: HoldfastClient, dealers: Dealers, onProgress: MorningOptions["onProgress"]) {
    this.#client = client;
    this.#timer = setInterval(() => {
      client.getSyncHealth({}).then(
        (health) => onProgress({ ...seen(health), phase: this.phase, orders: dealers.told.orders }),
        () => {},
      );
    }, 1_000);
  }

  /** Waits for a state of the sync. */
  async until(isReached: (health: GetSyncHealthResponse) => boolean): Promise<void> {
    const givesUpAtMs = performance.now() + REST_MS;
    while (!isReached(await this.#client.getSyncHealth({}))) {
      if (performance.now() > givesUpAtMs) throw new Error(`not reached in ${REST_MS / 1_000} s: ${this.phase}`);
      await sleep(250);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function seen(health: GetSyncHealthResponse) {
  const source = health.sources.find(({ source: name }) => name === SOURCE);
  return {
    source: source === undefined ? "-" : SourceState[source.state],
    provisional: Number(health.provisionalOrders?.value ?? 0n),
    atRiskUnits: Number(health.atRiskUnits?.value ?? 0n),
    gaps: Number(health.gaps?.value ?? 0n),
  };
}
