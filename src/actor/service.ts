import type { Freshness, StockFigures } from "../domain/availability.js";
import type { Answers, Command, Dealer } from "../domain/command.js";
import type { DealerPrecision } from "../domain/dealer-precision.js";
import type { DriftCounts, Position } from "../domain/drift.js";
import type { IncomingErpEvent } from "../domain/erp-event.js";
import type { OutcomeType } from "../domain/outcome.js";
import type { Refusal } from "../domain/refusal.js";
import type { SequenceRange } from "../domain/sequence-runs.js";
import type { CommandProbe } from "./telemetry.js";

/** How a command ended for its caller. A thrown bug arrives as `failed`; its cause is for the log only. */
export type Outcome<T> =
  | { readonly kind: "answered"; readonly value: T }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "failed"; readonly cause: unknown };

/**
 * What the edge (api/) sees of the engine. Every call settles exactly once, after everything that its decision
 * could have seen is durable, also on stop, on overload and when the journal fails.
 */
export interface CommandPort {
  /**
   * Queues a command for the next turn.
   * `render` turns the answer into what the caller gets. It runs inside the turn, must be pure and must not keep the answer:
   * the reservation in it is live state.
   * `settle` is called once the outcome is durable; synchronously when the command is refused at the door.
   * `probe` follows it, where its call is traced.
   */
  submit<C extends Command, T>(
    command: C,
    render: (answer: Answers[C["kind"]]) => T,
    settle: (outcome: Outcome<T>) => void,
    probe?: CommandProbe,
  ): void;
}

export type Disposition = "APPLIED" | "DUPLICATE" | "BUFFERED" | "REJECTED";

/** The answer to one ERP event, given once it is durable. */
export interface EventDisposition {
  readonly disposition: Disposition;
  /** UPPER_SNAKE, then `: field` where one is meant; empty when nothing is wrong. */
  readonly reason: string;
  readonly missing: readonly SequenceRange[];
}

export interface SourceStatus {
  readonly appliedSequence: number;
  readonly gaps: readonly SequenceRange[];
  /** Milliseconds since the Unix epoch; 0 when the source never spoke. */
  readonly lastEventAtMs: number;
  readonly state: "LIVE" | "LAGGING" | "STALE" | "CATCHING_UP" | "RECONCILING";
}

/** A source is alive. */
export interface Heartbeat {
  readonly source: string;
  /** The last event that it sent. */
  readonly lastSequence: number;
  /** How long its ERP took to answer, milliseconds; undefined where none was asked. */
  readonly erpResponseMs: number | undefined;
}

/** What the edge sees of ERP ingest. Offer events of one stream one after the other, in order; they settle in order. */
export interface IngestPort {
  /** Refused (OVERLOADED with the missing range in its metadata, SHUTTING_DOWN, JOURNAL_UNAVAILABLE) means the stream ends. */
  offer(event: IncomingErpEvent, settle: (outcome: Outcome<EventDisposition>) => void, probe?: CommandProbe): void;
  heartbeat(heartbeat: Heartbeat, settle: (outcome: Outcome<EventDisposition>) => void): void;
  sourceStatus(source: string, settle: (outcome: Outcome<SourceStatus>) => void): void;
}

export interface AvailabilityPage {
  readonly warehouseId: string;
  /** How exactly a dealer is told; undefined for a reader by warehouse, who is told every figure. */
  readonly precision: DealerPrecision | undefined;
  readonly figures: readonly StockFigures[];
  readonly freshness: Freshness;
  readonly nextPageToken: string;
}

/** Reads of published, durable figures; answered at once, never behind writers. */
export interface AvailabilityPort {
  /** Exactly one of dealerId and warehouseId is not empty; without skus, every stock in pages. */
  read(query: {
    readonly dealerId: string;
    readonly warehouseId: string;
    readonly skus: readonly string[];
    readonly pageSize: number;
    readonly pageToken: string;
  }): AvailabilityPage | Refusal;
}

export interface WatchQuery {
  /** Exactly one of the two is not empty. */
  readonly dealerId: string;
  readonly warehouseId: string;
  /** Empty for every stock of the warehouse. */
  readonly skus: readonly string[];
  /** Go on after this; empty for a snapshot. */
  readonly cursor: string;
}

/** What is told of one warehouse. The same object goes to all who are told the same, so that it is put to bytes once. */
export type WatchPart =
  | {
      readonly kind: "figures";
      readonly warehouseId: string;
      readonly figures: readonly StockFigures[];
      readonly isSnapshot: boolean;
      /** The last part of a snapshot. */
      readonly isComplete: boolean;
      readonly freshness: Freshness;
    }
  | { readonly kind: "heartbeat"; readonly freshness: Freshness }
  | { readonly kind: "reset"; readonly reason: ResetReason; readonly freshness: Freshness };

/** Why everything told before is void. */
export type ResetReason = "CURSOR_TOO_OLD" | "WAREHOUSE_REASSIGNED" | "PRECISION_CHANGED";

export interface WatchMessage {
  readonly part: WatchPart;
  /** How exactly a dealer is told; undefined for a watch by warehouse, which is told every figure. */
  readonly precision: DealerPrecision | undefined;
  readonly cursor: string;
}

/** One watch of availability. What it has to tell is taken from it at the reader's pace; what changes meanwhile is conflated. */
export interface AvailabilityWatch {
  /** The next message; undefined while there is none: `ready` is called when there may be. */
  next(): WatchMessage | undefined;
  close(): void;
}

export interface WatchListener {
  /** There may be something to tell. */
  ready(): void;
  /** It is over; nothing more is called. */
  ended(refusal: Refusal): void;
}

export interface AvailabilityWatchPort {
  watch(query: WatchQuery, listener: WatchListener): AvailabilityWatch | Refusal;
}

/** Reads of registered dealers; published and durable, answered at once. */
export interface DealerDirectory {
  get(dealerId: string): Dealer | Refusal;
  list(query: {
    readonly pageSize: number;
    readonly pageToken: string;
  }): { readonly dealers: readonly Dealer[]; readonly nextPageToken: string } | Refusal;
}

/** What a backup has. */
export interface Backup {
  /** The last block in it: whatever was answered before the call is there. */
  readonly block: number;
  readonly bytes: number;
}

/** Copies of everything, made while it is in use. */
export interface BackupPort {
  /** `directory`: an absolute path on this machine with nothing there yet. Rejects for what is unforeseen. */
  take(directory: string): Promise<Backup | Refusal>;
}

/** What became of a reservation, as it is told. Fields as in holdfast.v1.OrderEvent. */
export interface OrderEvent {
  readonly eventId: string;
  readonly type: OutcomeType;
  readonly reservationId: string;
  readonly revision: number;
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly remaining: number }[];
  readonly reason: string;
  readonly occurredAtMs: number;
}

export interface OrderMessage {
  /** Undefined in a message that only moves the cursor on. */
  readonly event: OrderEvent | undefined;
  readonly cursor: string;
}

/** Exactly one of source and dealerId is not empty. */
export interface OrderQuery {
  /** Orders of the warehouses that this source feeds. */
  readonly source: string;
  /** Orders of this dealer, in whatever warehouse. */
  readonly dealerId: string;
  /** Go on after this; empty for none. */
  readonly cursor: string;
  /** Without a cursor: from the oldest that is kept, else from now. */
  readonly fromOldest: boolean;
}

/** One consumer's watch. It goes on only as it is asked, and is over when a refusal comes, or after `close`. */
export interface OrderWatch {
  /** The next message, when there is one; undefined once it was closed. One call at a time. Rejects for what is unforeseen. */
  next(): Promise<OrderMessage | Refusal | undefined>;
  /** Ends it; a `next` that waits is settled. A second call does nothing. */
  close(): void;
}

/** What became of orders, at least once and in order for each reservation, from a cursor that the consumer keeps. */
export interface OrderEventsPort {
  watch(query: OrderQuery): Promise<OrderWatch | Refusal>;
}

/** A source is asked for its positions. */
export interface PositionsRequest {
  readonly runId: string;
  readonly full: boolean;
  /** Empty means all warehouses of the source. */
  readonly warehouseId: string;
}

/** One run of comparison. One call at a time; it is finished or abandoned in the end. */
export interface PositionRunPort {
  /** At most LIMITS.turnPositionsMax positions. */
  compare(positions: readonly Position[], settle: (outcome: Outcome<undefined>) => void): void;
  finish(settle: (outcome: Outcome<DriftCounts>) => void): void;
  /** It has no end: what was told is forgotten, and nothing comes of it. After `finish` was answered this does nothing. */
  abandon(): void;
}

/** Comparison of a source's positions with our figures (P10). */
export interface PositionsPort {
  begin(run: { readonly runId: string; readonly source: string; readonly full: boolean }): PositionRunPort;
  /** Asks a source for its positions; the id of the run to come. */
  ask(source: string, request: Omit<PositionsRequest, "runId">): string | Refusal;
  /** A stream speaks for a source: it hears what is asked of it, until the result is called. */
  listen(source: string, listener: (request: PositionsRequest) => void): () => void;
}

/** Everything that the gRPC edge needs from behind it. */
export interface ServicePorts {
  readonly commands: CommandPort;
  readonly ingest: IngestPort;
  readonly availability: AvailabilityPort;
  readonly watches: AvailabilityWatchPort;
  readonly dealers: DealerDirectory;
  readonly backups: BackupPort;
  readonly orders: OrderEventsPort;
  readonly positions: PositionsPort;
}
