/** GetSyncHealth in the turn: everything from the state that the journal made, but for the latencies of this process. */
import { warehouseNotFound } from "../../actor/handlers/dealer-warehouse.js";
import type { Turn } from "../../actor/turn.js";
import { ACCURACY_WINDOWS, accuracyOf, endedWithin } from "../../domain/accuracy.js";
import type { Refusal } from "../../domain/refusal.js";
import { coveringUnits, type Stock } from "../../domain/stock.js";
import type {
  AccuracyMeasure,
  AmountMeasure,
  DriftMeasure,
  GetSyncHealth,
  HealthLevel,
  LatencyMeasure,
  SyncHealth,
  Thresholds,
} from "../../domain/sync-health.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";
import type { SourceLinks } from "../source-links.js";
import { viewSource } from "../view-source.js";
import { ACCURACY_SAMPLES_MIN, HEALTH_THRESHOLDS } from "./health-thresholds.js";
import type { LatencyWindow, SyncMeters } from "./latency-window.js";

export interface SyncHealthSources {
  readonly links: SourceLinks;
  readonly meters: SyncMeters;
  /** Positions compared and drifted since a moment, of one partition or of all. */
  readonly driftCounts: (sinceMs: number, partition: number | undefined) => DriftCounts;
}

export interface DriftCounts {
  readonly compared: number;
  readonly drifted: number;
}

export function readSyncHealth(
  turn: Turn,
  query: GetSyncHealth,
  { links, meters, driftCounts }: SyncHealthSources,
): { readonly answer: SyncHealth } | { readonly refusal: Refusal } {
  const only = query.warehouseId === "" ? undefined : turn.system.partition(query.warehouseId);
  if (query.warehouseId !== "" && only === undefined) return { refusal: warehouseNotFound(query.warehouseId) };
  const partitions = only === undefined ? [...turn.store.partitions.values()] : [turn.store.partition(only)];
  const names = only === undefined ? [...turn.system.sources] : links.sourcesOf(only);
  const sources = names.map(({ name }) => viewSource(turn.system, links, name, turn.nowMs));
  const gapAges = sources.flatMap(({ gapSinceMs }) => (gapSinceMs === 0 ? [] : [turn.nowMs - gapSinceMs]));
  const sum = (count: (partition: PartitionStore) => number) =>
    partitions.reduce((total, partition) => total + count(partition), 0);
  const T = HEALTH_THRESHOLDS;
  return {
    answer: {
      timeMs: turn.nowMs,
      occurredToApplied: latency(meters.occurredToApplied, turn.nowMs, T.occurredToAppliedMs),
      receivedToApplied: latency(meters.receivedToApplied, turn.nowMs, T.receivedToAppliedMs),
      accuracy: accuracy(turn, partitions, query.sku),
      drift: drift((windowMs) => driftCounts(turn.nowMs - windowMs, only)),
      erpResponse: latency(meters.erpResponse, turn.nowMs, T.erpResponseMs),
      sources,
      gaps: amount(gapAges.length, T.gaps),
      oldestGapMs: amount(Math.max(0, ...gapAges), T.oldestGapMs),
      provisionalOrders: amount(
        sum(({ provisional }) => provisional.size),
        T.provisionalOrders,
      ),
      oldestProvisionalMs: amount(oldestProvisional(turn, partitions), T.oldestProvisionalMs),
      atRiskUnits: amount(sum(uncoveredUnits), T.atRiskUnits),
      deadLetters: amount(turn.system.openDeadLetters, T.deadLetters),
      dispatchExceptions: amount(
        sum(({ openExceptions }) => openExceptions),
        T.dispatchExceptions,
      ),
      overdueCommittedUnits: amount(
        sum((partition) => committed(turn, partition).unitsBefore),
        T.overdueCommittedUnits,
      ),
      holdsPastDeadline: amount(
        sum(({ deadlines }) => deadlines.countDue(turn.nowMs)),
        T.holdsPastDeadline,
      ),
      quarantinedStocks: amount(
        sum(({ quarantinedStocks }) => quarantinedStocks),
        T.quarantinedStocks,
      ),
    },
  };
}

function latency(window: LatencyWindow, nowMs: number, thresholds: Thresholds): LatencyMeasure {
  const read = window.read(nowMs);
  return { ...read, ...thresholds, level: read.samples === 0 ? "UNSPECIFIED" : levelOf(read.p99Ms, thresholds) };
}

function amount(value: number, thresholds: Thresholds): AmountMeasure {
  return { value, ...thresholds, level: levelOf(value, thresholds) };
}

function levelOf(value: number, { amber, red }: Thresholds): HealthLevel {
  if (value >= red) return "RED";
  return value >= amber ? "AMBER" : "GREEN";
}

/** Open committed units of a warehouse, and how many of them its policy calls overdue. */
function committed(turn: Turn, partition: PartitionStore) {
  const { commitOverdueAfterMs } = turn.system.policies.effective(partition.warehouseId, "");
  return partition.openLines.committed(turn.nowMs - commitOverdueAfterMs);
}

function accuracy(turn: Turn, partitions: readonly PartitionStore[], sku: string): readonly AccuracyMeasure[] {
  const thresholds = HEALTH_THRESHOLDS.accuracy;
  let openUnits = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  const ended = ACCURACY_WINDOWS.map(({ windowMs }) => ({ windowMs, fulfilled: 0, failed: 0 }));
  for (const partition of partitions) {
    const stock = sku === "" ? undefined : partition.stocks.find(sku);
    if (sku !== "" && stock === undefined) continue;
    const open = sku === "" ? committed(turn, partition) : openOf(partition, stock!);
    openUnits += open.units;
    oldestMs = Math.min(oldestMs, open.oldestMs);
    endedWithin(accuracyOf(partition, stock), turn.nowMs).forEach(({ fulfilled, failed }, index) => {
      ended[index]!.fulfilled += fulfilled;
      ended[index]!.failed += failed;
    });
  }
  return ended.map(({ windowMs, fulfilled, failed }) => {
    const total = fulfilled + failed;
    const ratio = total > 0 ? fulfilled / total : undefined;
    const isColoured = ratio !== undefined && total >= ACCURACY_SAMPLES_MIN;
    const level = ratio! < thresholds.red ? "RED" : ratio! < thresholds.amber ? "AMBER" : "GREEN";
    return {
      windowMs,
      fulfilled,
      failed,
      ratio,
      openUnits,
      oldestOpenMs: Number.isFinite(oldestMs) ? turn.nowMs - oldestMs : 0,
      samplesMin: ACCURACY_SAMPLES_MIN,
      ...thresholds,
      level: isColoured ? level : "UNSPECIFIED",
    };
  });
}

/** Open committed units of one stock, and when the oldest was committed. */
function openOf(partition: PartitionStore, stock: Stock) {
  let oldestMs = Number.POSITIVE_INFINITY;
  partition.openLines.walk(stock.number, (line) => {
    // In the order of commit: the first is the oldest.
    if (line.kind === "commit") oldestMs = partition.reservations.peek(line.reservation)!.committedAtMs;
    return false;
  });
  return { units: stock.committed, oldestMs };
}

/** Units that were promised and are not covered by what is there. */
function uncoveredUnits(partition: PartitionStore): number {
  const stocks = new Set<number>();
  for (const number of partition.atRisk) {
    for (const line of partition.reservations.peek(number)!.lines) if (line.atRisk) stocks.add(line.stock);
  }
  let units = 0;
  for (const number of stocks) {
    const stock = partition.stocks.peek(number)!;
    units += Math.max(0, stock.reserved + stock.committed - coveringUnits(stock));
  }
  return units;
}

function oldestProvisional(turn: Turn, partitions: readonly PartitionStore[]): number {
  let oldestMs = turn.nowMs;
  for (const partition of partitions) {
    const [first] = partition.provisional;
    if (first !== undefined) oldestMs = Math.min(oldestMs, partition.reservations.peek(first)!.committedAtMs);
  }
  return turn.nowMs - oldestMs;
}

function drift(countsOver: (windowMs: number) => DriftCounts): readonly DriftMeasure[] {
  const thresholds = HEALTH_THRESHOLDS.driftPerThousand;
  return ACCURACY_WINDOWS.map(({ windowMs }) => {
    const { compared, drifted } = countsOver(windowMs);
    const perThousand = compared === 0 ? undefined : (drifted / compared) * 1_000;
    const level = perThousand === undefined ? "UNSPECIFIED" : levelOf(perThousand, thresholds);
    return { windowMs, compared, drifted, perThousand, ...thresholds, level };
  });
}
