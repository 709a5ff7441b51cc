/**
 * One log in service: its journal, store, engine and view, opened from what is durable. After a failure it is thrown away whole,
 * and the host opens another (decision 11).
 */

import { applyRecord } from "../actor/apply.js";
import type { Clock, Scheduler, Timers } from "../actor/clock.js";
import { type EngineObserver, LogEngine } from "../actor/engine.js";
import { journalUnavailable } from "../actor/refusals.js";
import type { ServicePorts } from "../actor/service.js";
import { ServiceTime } from "../actor/service-time.js";
import type { EngineTelemetry } from "../actor/telemetry.js";
import { AvailabilityView } from "../availability/view.js";
import { AvailabilityFeed, type WatchSettings } from "../availability/watch-feed.js";
import { formatNonce } from "../domain/reservation-id.js";
import type { LinkThresholds } from "../domain/source.js";
import { driftCountsSince } from "../erp/drift/drift-counts.js";
import { DriftUpkeep, type PositionsSchedule } from "../erp/drift/drift-upkeep.js";
import { PositionRuns } from "../erp/drift/position-runs.js";
import { PositionsAsker } from "../erp/drift/positions-asker.js";
import type { Ingest } from "../erp/ingest.js";
import { SourceLinks } from "../erp/source-links.js";
import { SourceUpkeep } from "../erp/source-upkeep.js";
import { SyncMeters } from "../erp/sync-health/latency-window.js";
import { type Journal, JournalError, type JournalHistory, type JournalReader } from "../journal/journal.js";
import { readRecords } from "../journal/records/record-reader.js";
import { OrderFeed } from "../outcomes/order-feed.js";
import { type CheckpointFile, LogStore } from "../snapshots/log-store.js";
import type { PageStore } from "../snapshots/page-store.js";
import { JointUpkeep } from "./joint-upkeep.js";
import { commandPort, ingestPort, positionsPort } from "./log-ports.js";

export interface LogNodeOptions {
  readonly journal: Journal;
  readonly reader: JournalReader;
  readonly history: JournalHistory;
  readonly pages: PageStore;
  readonly checkpointFile: CheckpointFile;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly scheduler: Scheduler;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly observer: EngineObserver;
  readonly telemetry?: EngineTelemetry | undefined;
  readonly settings: LogNodeSettings;
  /** Shared by the nodes of a process, so that a recovery forgets no stream and no question. */
  readonly asker?: PositionsAsker;
  /** Called now and then during a replay, which reads many pages and keeps few. */
  readonly relieveMemory: () => void;
}

/** What the configuration says of a log. Durations in milliseconds. */
export interface LogNodeSettings {
  readonly requireKnown: boolean;
  /** Of sources that have none of their own. */
  readonly sourceThresholds: LinkThresholds;
  /** A quantity of an ERP event above this is a dead letter until a person takes it. */
  readonly erpQuantityMax: number;
  readonly watch: WatchSettings;
  readonly stocksResidentMax: number;
  readonly reservationsResidentMax: number;
  readonly answersMax: number;
  readonly answerRetentionMs: number;
  readonly inboxCommandsMax: number;
  readonly checkpointRecordsMax: number;
  readonly checkpointBytesMax: number;
  /** When sources are asked for their positions; never by themselves without it. */
  readonly positionsSchedule?: PositionsSchedule;
}

/** What start-up found and did. */
export interface OpenReport {
  readonly checkpointBlock: number;
  readonly replayedRecords: number;
  readonly replayedBytes: number;
}

/** What a log alone offers; backups are of its files. */
export type NodePorts = Omit<ServicePorts, "backups">;

export class LogNode {
  readonly engine: LogEngine;
  readonly store: LogStore;
  readonly ports: NodePorts;
  readonly report: OpenReport;

  private constructor(parts: {
    engine: LogEngine;
    store: LogStore;
    ports: NodePorts;
    report: OpenReport;
  }) {
    this.engine = parts.engine;
    this.store = parts.store;
    this.ports = parts.ports;
    this.report = parts.report;
  }

  /** Checkpoint, then the journal's tail, then service. Throws SnapshotDamaged or JournalError where either cannot be proven. */
  static async open(options: LogNodeOptions): Promise<LogNode> {
    const { settings } = options;
    let links: SourceLinks | undefined;
    let time: ServiceTime | undefined;
    const view = new AvailabilityView(
      (partition) => links!.of(partition, time!.nowMs()),
      (cause) => engine.fail(cause),
    );
    const store = await LogStore.open(options.pages, options.checkpointFile, {
      stocksResidentMax: settings.stocksResidentMax,
      reservationsResidentMax: settings.reservationsResidentMax,
      answerRetentionMs: settings.answerRetentionMs,
      onStockLoad: (partition, stock) => view.loaded(partition, stock),
      onStockEvict: (partition, stock) => view.evicted(partition, stock),
    });
    assertWithinJournal(store, options.journal);
    const tail = await replayTail(options, store);
    time = new ServiceTime(options.clock, tail.timeMs);
    links = new SourceLinks(store.system.state, settings.sourceThresholds, time.nowMs());
    const runs = new PositionRuns();
    const ingest: Ingest = { links, quantityMax: settings.erpQuantityMax, positions: runs };
    const upkeep = new SourceUpkeep(store, ingest);
    const asker = options.asker ?? new PositionsAsker();
    // What was passed over did something to figures: only positions can say what.
    const askAfterSkip = (source: string) => asker.ask(source, time.nowMs(), { full: true });
    upkeep.onSkipped = askAfterSkip;
    // Nothing else remembers, over a restart, that positions were asked for after a gap.
    for (const { name, skipped } of store.system.state.sources) {
      if (skipped.runs.length > 0 && !asker.isAsked(name)) askAfterSkip(name);
    }
    const drift = new DriftUpkeep({
      system: store.system.state,
      runs,
      asker,
      schedule: settings.positionsSchedule,
      nowMs: time.nowMs(),
    });
    const { history, timers } = options;
    const onFailure = (cause: unknown) => engine.fail(cause);
    const orders = new OrderFeed({
      system: store.system.state,
      // Past what is resident, so that a long read pushes nothing out of memory that is in use.
      find: (partition, number) => store.partition(partition).reservations.peek(number)!,
      findDealer: (partition, dealerId) => store.partition(partition).dealers.glance(dealerId)?.number,
      history,
      timers,
      head: options.journal.head,
      onFailure,
    });
    const watches = new AvailabilityFeed({
      ...options,
      view,
      system: store.system.state,
      freshness: (partition) => links.of(partition, time.nowMs()),
      precision: (warehouseId, dealerId) => view.precision(warehouseId, dealerId),
      settings: settings.watch,
      onFailure,
    });
    view.observer = watches;
    const engine: LogEngine = new LogEngine({
      ...options,
      ...settings,
      observer: {
        ...options.observer,
        failed(cause) {
          orders.close(journalUnavailable());
          watches.close(journalUnavailable());
          options.observer.failed(cause);
        },
      },
      store,
      time,
      publisher: view,
      outcomes: orders,
      freshness: (partition, nowMs) => links.of(partition, nowMs),
      upkeep: new JointUpkeep([upkeep, drift], () => watches.looked()),
      tail,
    });
    view.open(store, tail.timeMs);
    if (store.system.state.epoch === 0) await beginEpoch(engine, options.randomBytes);
    const meters = new SyncMeters();
    const system = store.system.state;
    const ports = {
      commands: commandPort(engine, settings, {
        links,
        upkeep,
        meters,
        driftCounts: (sinceMs, partition) => {
          const feeding = partition === undefined ? undefined : links.sourcesOf(partition).map(({ name }) => name);
          return driftCountsSince(system.tables.driftRuns, sinceMs, (source) => feeding?.includes(source) ?? true);
        },
      }),
      ingest: ingestPort(engine, ingest, time, meters),
      availability: view,
      watches,
      dealers: view,
      orders,
      positions: positionsPort(engine, { runs, asker, system, time }),
    };
    const report = {
      checkpointBlock: store.checkpointPosition?.block ?? 0,
      replayedRecords: tail.records,
      replayedBytes: tail.bytes,
    };
    return new LogNode({ engine, store, ports, report });
  }
}

/** A checkpoint is made of durable blocks only: one beyond the journal's end proves that the journal has lost some. */
function assertWithinJournal(store: LogStore, journal: Journal): void {
  const block = store.checkpointPosition?.block ?? 0;
  const head = journal.head?.block ?? 0;
  if (block <= head) return;
  throw new JournalError(
    "damaged",
    `CHECKPOINT stands at block ${block}, but the journal ends at block ${head}: blocks of the journal are missing`,
    { block: head + 1 },
  );
}

/** How often a replay relieves memory, and for how many records: the tail of a start, not the rebuild of a whole journal. */
const RELIEVE_EVERY_RECORDS = 5_000;
const RELIEVE_RECORDS_MAX = 100_000;

/**
 * Takes in what the journal has after the checkpoint. A long tail (the snapshot was lost) is broken by checkpoints of its own,
 * so that memory stays bounded.
 */
async function replayTail(options: LogNodeOptions, store: LogStore) {
  const { checkpointRecordsMax, checkpointBytesMax } = options.settings;
  let records = 0;
  let replayed = 0;
  let bytes = 0;
  let timeMs = store.checkpointTimeMs;
  for await (const block of options.reader.read(store.checkpointPosition)) {
    for (const record of readRecords(block.body)) {
      applyRecord(store, record);
      timeMs = record.timeMs;
      records += 1;
      replayed += 1;
      if (replayed % RELIEVE_EVERY_RECORDS === 0 && replayed <= RELIEVE_RECORDS_MAX) options.relieveMemory();
    }
    bytes += block.body.length;
    if (records >= checkpointRecordsMax * 2 || bytes >= checkpointBytesMax * 2) {
      await store.beginCheckpoint(timeMs).write(block.position);
      records = 0;
      bytes = 0;
    }
  }
  return { records, bytes, timeMs };
}

/** A new data folder begins its first epoch before it takes anything else. */
function beginEpoch(engine: LogEngine, randomBytes: (count: number) => Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.enqueue({
      writes: true,
      decide: (turn) => turn.recordSystem([{ kind: "EpochBegun", epoch: 1, nonce: formatNonce(randomBytes(5)) }]),
      deliver: () => resolve(),
      abort: (refusal) => reject(new Error(`the first epoch could not begin: ${refusal.message}`)),
    });
  });
}
