/** The account of the morning: what became of every order, and whether the service and the ERP say the same of every stock. */
import {
  type Availability,
  everyPage,
  type HoldfastClient,
  type Reservation,
  ReservationState,
} from "../../../src/client/index.js";
import type { SimReport } from "../../erp-sim/sim-report.js";
import { SOURCE } from "./cast.js";
import type { Dealers } from "./dealers.js";

/** What `--json` prints. Orders by their end; units in whole base units. */
export interface Reckoning {
  readonly seed: number;
  readonly minutes: number;
  readonly orders: number;
  readonly rejected: number;
  readonly fulfilled: number;
  readonly released: number;
  readonly expired: number;
  readonly open_and_covered: number;
  readonly at_risk: number;
  /** Orders whose end none of these names: must be 0. */
  readonly unaccounted: number;
  readonly provisional: number;
  readonly provisional_confirmed: number;
  /** Promised beyond what is there, and not on the at-risk list: must be 0. */
  readonly oversold_units: number;
  /** Differences of on_hand and unavailable between the service and the ERP, summed over all stocks: must be 0. */
  readonly unexplained_units: number;
  readonly events_lost: number;
  /** Stocks that the ERP changed without an event, and events that were lost. */
  readonly drift_injected: number;
  /** Stocks that differed, summed over all runs: two lost events of one stock may be one, and what two runs find at once is two. */
  readonly drift_found: number;
  readonly outage_seconds: number;
}

export interface MorningFacts {
  readonly seed: number;
  readonly minutes: number;
  readonly dealers: number;
  readonly outageSeconds: number;
  readonly provisionalConfirmed: number;
}

export async function reckon(
  client: HoldfastClient,
  { dealers, erp, facts }: { readonly dealers: Dealers; readonly erp: SimReport; readonly facts: MorningFacts },
): Promise<Reckoning> {
  const ends = { fulfilled: 0, released: 0, expired: 0, covered: 0, atRisk: 0 };
  let reservations = 0;
  for (let index = 0; index < facts.dealers; index++) {
    const dealerId = dealers.dealerId(index);
    for await (const page of everyPage((pageToken) =>
      client.listReservations({ dealerId, pageSize: 1_000, pageToken }),
    )) {
      for (const reservation of page.reservations) {
        // The successor of an ended one is the same order.
        if (reservation.reopenedFrom !== "") continue;
        reservations += 1;
        ends[endOf(reservation)] += 1;
      }
    }
  }
  const stocks = await compareStocks(client, erp);
  const { told } = dealers;
  const runs = await client.listDriftRuns({ source: SOURCE, pageSize: 1_000 });
  return {
    seed: facts.seed,
    minutes: facts.minutes,
    orders: told.orders,
    rejected: told.rejected,
    fulfilled: ends.fulfilled,
    released: ends.released,
    expired: ends.expired,
    open_and_covered: ends.covered,
    at_risk: ends.atRisk,
    unaccounted: told.orders - told.rejected - reservations,
    provisional: told.committedProvisionally,
    provisional_confirmed: facts.provisionalConfirmed,
    oversold_units: stocks.oversold,
    unexplained_units: stocks.unexplained,
    events_lost: erp.events_lost,
    drift_injected: erp.drift_injected + erp.events_lost,
    drift_found: runs.runs.reduce((sum, run) => sum + Number(run.drifted), 0),
    outage_seconds: facts.outageSeconds,
  };
}

function endOf({ state, atRisk }: Reservation): "fulfilled" | "released" | "expired" | "covered" | "atRisk" {
  if (state === ReservationState.FULFILLED) return "fulfilled";
  if (state === ReservationState.RELEASED) return "released";
  if (state === ReservationState.EXPIRED) return "expired";
  return atRisk ? "atRisk" : "covered";
}

async function compareStocks(client: HoldfastClient, erp: SimReport) {
  let unexplained = 0;
  let oversold = 0;
  for (const [warehouseId, truth] of Object.entries(erp.warehouses)) {
    const listed = await atRiskUnits(client, warehouseId);
    let unavailable = 0;
    for await (const page of everyPage((pageToken) =>
      client.getAvailability({ warehouseId, pageSize: 1_000, pageToken }),
    )) {
      for (const stock of page.availability) {
        unexplained += Math.abs(Number(stock.onHand) - (truth.skus[stock.sku] ?? 0));
        unavailable += Number(stock.unavailable);
        oversold += Math.max(0, uncovered(stock) - (listed.get(stock.sku) ?? 0));
      }
    }
    unexplained += Math.abs(unavailable - truth.unavailable);
  }
  return { unexplained, oversold };
}

/** Units that are promised and not there. */
function uncovered({ reserved, committed, allocatedElsewhere, onHand, unavailable }: Availability): number {
  const there = onHand - unavailable - allocatedElsewhere;
  return Number(reserved + committed - (there > 0n ? there : 0n));
}

async function atRiskUnits(client: HoldfastClient, warehouseId: string): Promise<ReadonlyMap<string, number>> {
  const units = new Map<string, number>();
  for await (const page of everyPage((pageToken) =>
    client.listAtRisk({ warehouseId, includeKept: true, pageSize: 1_000, pageToken }),
  )) {
    for (const { sku, shortBy } of page.lines) units.set(sku, (units.get(sku) ?? 0) + Number(shortBy));
  }
  return units;
}
