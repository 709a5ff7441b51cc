/**
 * Measures of the service that are read when somebody asks for them: the sizes of the engine's parts, and the health of the sync,
 * which is what GetSyncHealth answers, with the same colours.
 */
import type { BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { AmountMeasure, HealthLevel, LatencyMeasure, SyncHealth } from "../domain/sync-health.js";
import { ATTRIBUTES, METRICS } from "./names.js";

/** What there is to read. Undefined while the service recovers. */
export interface ServiceReading {
  engine(): EngineReading | undefined;
  health(): Promise<SyncHealth | undefined>;
  openStreams(): number;
}

export interface EngineReading {
  readonly inboxDepth: number;
  /** Written since the process started. */
  readonly records: number;
  readonly pagePuts: number;
  /** Stocks, reservations and dealers in memory. */
  readonly residentItems: number;
  /** Pages that wait for the next checkpoint. */
  readonly overlayPages: number;
  readonly answersKept: number;
  /** Blocks that came after the last checkpoint: what a start would replay. */
  readonly checkpointBehind: number;
}

export function observeService(meter: Meter, service: ServiceReading): void {
  observeEngine(meter, service);
  observeHealth(meter, service);
  meter
    .createObservableGauge(METRICS.openStreams, {
      description: "Streams that are open, of all kinds.",
      unit: "{stream}",
    })
    .addCallback((result) => result.observe(service.openStreams()));
}

function observeEngine(meter: Meter, service: ServiceReading): void {
  const gauge = (name: string, description: string, unit: string, read: (engine: EngineReading) => number) =>
    meter.createObservableGauge(name, { description, unit }).addCallback((result) => {
      const engine = service.engine();
      if (engine !== undefined) result.observe(read(engine));
    });
  const counter = (name: string, description: string, unit: string, read: (engine: EngineReading) => number) =>
    meter.createObservableCounter(name, { description, unit }).addCallback((result) => {
      const engine = service.engine();
      if (engine !== undefined) result.observe(read(engine));
    });
  gauge(METRICS.inboxDepth, "Commands that wait for their turn.", "{command}", (engine) => engine.inboxDepth);
  counter(METRICS.records, "Records written to the journal.", "{record}", (engine) => engine.records);
  counter(METRICS.pagePuts, "Pages written to LevelDB.", "{page}", (engine) => engine.pagePuts);
  gauge(
    METRICS.residentItems,
    "Stocks, reservations and dealers in memory.",
    "{item}",
    (engine) => engine.residentItems,
  );
  gauge(
    METRICS.overlayPages,
    "Changed pages that wait for the next checkpoint.",
    "{page}",
    (engine) => engine.overlayPages,
  );
  gauge(METRICS.answersKept, "Answers kept for repeated request ids.", "{answer}", (engine) => engine.answersKept);
  gauge(
    METRICS.checkpointBehind,
    "Blocks of the journal since the last checkpoint.",
    "{block}",
    (engine) => engine.checkpointBehind,
  );
}

const LEVELS: Readonly<Record<HealthLevel, number>> = { UNSPECIFIED: 0, GREEN: 1, AMBER: 2, RED: 3 };
const HOUR_MS = 3_600_000;
const WINDOWS: Readonly<Record<number, string>> = { [HOUR_MS]: "1h", [24 * HOUR_MS]: "1d", [168 * HOUR_MS]: "7d" };

function observeHealth(meter: Meter, service: ServiceReading): void {
  const gauge = (name: string, description: string, unit: string) =>
    meter.createObservableGauge(name, { description, unit });
  const instruments = {
    latency: gauge(METRICS.latency, "How long the sync takes, over the last five minutes.", "s"),
    accuracy: gauge(
      METRICS.accuracy,
      "Committed units that were fulfilled, of those whose end fell in the window.",
      "1",
    ),
    drift: gauge(METRICS.drift, "Discrepancies for each 1,000 positions compared.", "{discrepancy}"),
    amount: gauge(METRICS.amount, "Counts and ages of what the sync has open; ages in seconds.", "1"),
    level: gauge(METRICS.level, "Colour of each measure: 0 nothing to judge by, 1 green, 2 amber, 3 red.", "1"),
    silence: gauge(METRICS.sourceSilence, "Time since an ERP source last spoke.", "s"),
    state: gauge(METRICS.sourceState, "1 for the state that an ERP source is in.", "1"),
  };
  const observe = async (result: BatchObservableResult) => {
    const health = await service.health();
    if (health !== undefined) tell(health, instruments, result);
  };
  meter.addBatchObservableCallback(observe, Object.values(instruments));
}

type Instruments = Readonly<
  Record<"latency" | "accuracy" | "drift" | "amount" | "level" | "silence" | "state", Observable>
>;

function tell(health: SyncHealth, to: Instruments, result: BatchObservableResult): void {
  const judged = (measure: string, level: HealthLevel, window = "") =>
    result.observe(to.level, LEVELS[level], {
      [ATTRIBUTES.measure]: measure,
      ...(window === "" ? {} : { [ATTRIBUTES.window]: window }),
    });
  const latencies = { occurredToApplied: health.occurredToApplied, receivedToApplied: health.receivedToApplied };
  for (const [name, latency] of Object.entries({ ...latencies, erpResponse: health.erpResponse })) {
    tellLatency(snake(name), latency, to, result);
    judged(snake(name), latency.level);
  }
  for (const { windowMs, ratio, level } of health.accuracy) {
    const window = windowName(windowMs);
    if (ratio !== undefined) result.observe(to.accuracy, ratio, { [ATTRIBUTES.window]: window });
    judged("accuracy", level, window);
  }
  for (const { windowMs, perThousand, level } of health.drift) {
    const window = windowName(windowMs);
    if (perThousand !== undefined) result.observe(to.drift, perThousand, { [ATTRIBUTES.window]: window });
    judged("drift", level, window);
  }
  for (const [name, amount] of Object.entries(amountsOf(health))) {
    const isAge = name.endsWith("Ms");
    const measure = snake(isAge ? name.slice(0, -2) : name);
    result.observe(to.amount, isAge ? amount.value / 1_000 : amount.value, { [ATTRIBUTES.measure]: measure });
    judged(measure, amount.level);
  }
  for (const source of health.sources) {
    const named = { [ATTRIBUTES.source]: source.source };
    if (source.lastHeardMs > 0) {
      result.observe(to.silence, Math.max(0, health.timeMs - source.lastHeardMs) / 1_000, named);
    }
    result.observe(to.state, 1, { ...named, [ATTRIBUTES.state]: source.state });
  }
}

function tellLatency(name: string, latency: LatencyMeasure, to: Instruments, result: BatchObservableResult): void {
  if (latency.samples === 0) return;
  for (const [quantile, valueMs] of [
    [0.5, latency.p50Ms],
    [0.99, latency.p99Ms],
  ] as const) {
    result.observe(to.latency, valueMs / 1_000, { [ATTRIBUTES.measure]: name, [ATTRIBUTES.quantile]: quantile });
  }
}

function amountsOf(health: SyncHealth): Readonly<Record<string, AmountMeasure>> {
  const { gaps, oldestGapMs, provisionalOrders, oldestProvisionalMs, atRiskUnits, deadLetters } = health;
  const { dispatchExceptions, overdueCommittedUnits, holdsPastDeadline, quarantinedStocks } = health;
  return {
    ...{ gaps, oldestGapMs, provisionalOrders, oldestProvisionalMs, atRiskUnits, deadLetters },
    ...{ dispatchExceptions, overdueCommittedUnits, holdsPastDeadline, quarantinedStocks },
  };
}

function windowName(windowMs: number): string {
  return WINDOWS[windowMs] ?? `${windowMs / 1_000}s`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
