import type { Freshness } from "./availability.js";
import type { Attribution, Shortage } from "./command.js";
import type { DegradedBuffer } from "./degraded.js";
import type { Discrepancy, DriftRun, DriftState } from "./drift.js";
import type { ErpEvent, IncomingErpEvent } from "./erp-event.js";
import type { ConsumedUnits } from "./movement.js";
import type { OrderOutcome } from "./outcome.js";
import type { PolicyFields, PolicyScope } from "./policy.js";
import type { ReleaseReason, ReservationState } from "./reservation.js";
import type { SourceThresholds } from "./source.js";

/**
 * What happened in one warehouse's partition. Events are fully resolved facts: replay consults no policy, clock or configuration.
 * Reservations and stocks are named by their numbers in the partition, lines by their index.
 */
export type PartitionEvent =
  | StockOpened
  | StockPolicySet
  | ErpEventApplied
  | ErpEventRejected
  | DispatchUnmatched
  | ReservationMade
  | ReservationCommitted
  | ReservationReleased
  | HoldExtended
  | HoldExpired
  | UnitsDispatched
  | RiskChanged
  | RequestAnswered
  | UnitsReturned
  | ReservationReopened
  | ProvisionalConfirmed
  | RiskKept
  | DispatchAttached
  | StockSourceMoved
  | DegradedStepped
  | StockHealed
  | QuarantineSet
  | DriftFound
  | DriftResolved
  | OutcomesTold;

/** A stock came into being: the ERP named it, or a policy did (then without a source). */
export interface StockOpened {
  readonly kind: "StockOpened";
  readonly stock: number;
  readonly sku: string;
}

export interface StockPolicySet {
  readonly kind: "StockPolicySet";
  readonly stock: number;
  /** INHERIT where unset. */
  readonly safetyStock: number;
  readonly lowAt: number;
  readonly attribution: Attribution;
}

/** The effect of one ERP event on counters, resolved. `stock` is 0 for an event that names no SKU. */
export interface ErpEventApplied {
  readonly kind: "ErpEventApplied";
  readonly event: ErpEvent;
  readonly stock: number;
  readonly onHandDelta: number;
  readonly unavailableDelta: number;
  readonly allocatedDelta: number;
  /** Taken out of its turn: its source went on without it, so its sequence moves nothing. */
  readonly isLate: boolean;
  /** Of a dispatch: the units that the UnitsDispatched of the same record consume. */
  readonly consumed: readonly ConsumedUnits[];
  /** Of a dispatch with a DispatchUnmatched in the same record: the number of that exception; else 0. */
  readonly exception: number;
  /** Of a reversal: the number of the movement that it undoes; else 0. */
  readonly reverses: number;
}

/** A dead letter: the sequence moves on, nothing else does. */
export interface ErpEventRejected {
  readonly kind: "ErpEventRejected";
  readonly event: IncomingErpEvent;
  /** UPPER_SNAKE, then `: field` where one is meant. */
  readonly reason: string;
  /** It came after its source went on without it: its sequence moves nothing. */
  readonly isLate: boolean;
}

/** The part of the dispatch in the same record that consumed no committed units. */
export interface DispatchUnmatched {
  readonly kind: "DispatchUnmatched";
  readonly stock: number;
  readonly event: ErpEvent;
  readonly quantity: number;
  readonly reason: string;
}

export interface ReservationMade {
  readonly kind: "ReservationMade";
  readonly reservation: number;
  readonly epoch: number;
  readonly dealerId: string;
  readonly orderId: string;
  readonly lines: readonly MadeLine[];
  /** The hold's deadline; 0 for a reservation that is committed at once. */
  readonly expiresAtMs: number;
  readonly provisional: boolean;
}

export interface MadeLine {
  /** 0 where the SKU was never seen; then `granted` is 0. */
  readonly stock: number;
  /** Of account only where `stock` is 0: a known stock says its SKU itself. */
  readonly sku: string;
  readonly requested: number;
  readonly granted: number;
}

/** A hold was confirmed. `quantities` by line for a partial commit, whose rest is released; undefined for all that is open. */
export interface ReservationCommitted {
  readonly kind: "ReservationCommitted";
  readonly reservation: number;
  readonly quantities: readonly number[] | undefined;
  /** Confirmed while the ERP was away, to be confirmed again. */
  readonly provisional: boolean;
}

/** Open units were given back. `quantities` by line for a part; undefined for all that is open. */
export interface ReservationReleased {
  readonly kind: "ReservationReleased";
  readonly reservation: number;
  readonly quantities: readonly number[] | undefined;
  readonly reason: ReleaseReason;
  /** Where an operator did it. */
  readonly attribution: Attribution | undefined;
}

export interface HoldExtended {
  readonly kind: "HoldExtended";
  readonly reservation: number;
  readonly expiresAtMs: number;
}

export interface HoldExpired {
  readonly kind: "HoldExpired";
  readonly reservation: number;
}

/** Committed units of one line left the warehouse. */
export interface UnitsDispatched {
  readonly kind: "UnitsDispatched";
  readonly reservation: number;
  readonly line: number;
  readonly quantity: number;
}

/** A line is no longer covered by what is there, or is again. */
export interface RiskChanged {
  readonly kind: "RiskChanged";
  readonly reservation: number;
  readonly line: number;
  readonly atRisk: boolean;
}

/** A dispatch was wrong: units of one line are committed again. */
export interface UnitsReturned {
  readonly kind: "UnitsReturned";
  readonly reservation: number;
  readonly line: number;
  readonly quantity: number;
}

/** A dispatch was wrong, and its reservation has ended: a successor holds the units, committed. */
export interface ReservationReopened {
  readonly kind: "ReservationReopened";
  readonly reservation: number;
  readonly epoch: number;
  /** The ended one, which gives dealer, order and lines. */
  readonly ended: number;
  /** Units by line of the ended one. */
  readonly quantities: readonly number[];
}

/** What was confirmed while the ERP was away stands against live figures too. */
export interface ProvisionalConfirmed {
  readonly kind: "ProvisionalConfirmed";
  readonly reservation: number;
}

/** An operator decided that a reservation stands although it is at risk. */
export interface RiskKept {
  readonly kind: "RiskKept";
  readonly reservation: number;
  readonly attribution: Attribution;
}

/**
 * Units of a dispatch that had matched nothing need no person any more: an operator found their reservation, whose units the
 * UnitsDispatched of the same record consumes, or the dispatch was reversed (then `reservation` is 0).
 */
export interface DispatchAttached {
  readonly kind: "DispatchAttached";
  readonly exception: number;
  readonly reservation: number;
  readonly line: number;
  readonly quantity: number;
  readonly attribution: Attribution;
}

/** Another source is the stock's source of record, from one of its sequences on. */
export interface StockSourceMoved {
  readonly kind: "StockSourceMoved";
  readonly stock: number;
  readonly source: string;
  readonly fromSequence: number;
  readonly attribution: Attribution;
}

/** What is held back of every stock of the warehouse changed; a step of 0 ends it. */
export interface DegradedStepped extends DegradedBuffer {
  readonly kind: "DegradedStepped";
}

/** What became of reservations by the other events of the same record, for whoever watches orders. It changes nothing. */
export interface OutcomesTold {
  readonly kind: "OutcomesTold";
  readonly outcomes: readonly OrderOutcome[];
}

/** Our figures of a stock are corrected by the difference to its source's, at the sequence at which that was true. */
export interface StockHealed {
  readonly kind: "StockHealed";
  readonly stock: number;
  readonly source: string;
  readonly asOfSequence: number;
  readonly onHandDelta: number;
  readonly unavailableDelta: number;
  readonly runId: string;
  readonly attribution: Attribution;
}

/** A stock takes no reservation until a person decides, or does again. */
export interface QuarantineSet {
  readonly kind: "QuarantineSet";
  readonly stock: number;
  readonly isOn: boolean;
  readonly attribution: Attribution;
}

/** A position differed from our figures by more than policy allows. */
export interface DriftFound extends Omit<Discrepancy, "number" | "createdAtMs" | "decision"> {
  readonly kind: "DriftFound";
  /** The stock at which it waits for a person; 0 where it waits for nobody, and in journals from before that was kept. */
  readonly stock: number;
}

/** A person decided about a discrepancy, or a newer comparison took its place. */
export interface DriftResolved {
  readonly kind: "DriftResolved";
  readonly number: number;
  readonly state: DriftState;
  readonly attribution: Attribution;
}

export type MutatingMethod = "Reserve" | "Commit" | "Release" | "Extend";

/** The first answer to a request, remembered so that a retry gets it again (P5, I4). */
export interface RequestAnswered {
  readonly kind: "RequestAnswered";
  readonly dealerId: string;
  readonly requestId: string;
  readonly method: MutatingMethod;
  /** Two 32-bit hashes of the request's content. */
  readonly fingerprint: Fingerprint;
  readonly outcome: "RESERVED" | "PARTIALLY_RESERVED" | "REJECTED" | "DONE";
  /** 0 when the answer has no reservation. */
  readonly reservation: number;
  /** The reservation as it was answered; meaningless without one. */
  readonly shown: AnsweredReservation | undefined;
  readonly shortages: readonly Shortage[];
  readonly freshness: Freshness;
  /** Service time of the answer, from which its retention runs. */
  readonly answeredAtMs: number;
}

export interface Fingerprint {
  readonly high: number;
  readonly low: number;
}

/** What of a reservation may have changed since it was answered. */
export interface AnsweredReservation {
  readonly state: ReservationState;
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number;
  readonly provisional: boolean;
  readonly atRisk: boolean;
  /** open, dispatched, released of each line in turn; undefined where every line is wholly open. */
  readonly lines: readonly number[] | undefined;
}

/** What happened to the things that all warehouses share: warehouses, dealers, policies, ERP sources. */
export type SystemEvent =
  | EpochBegun
  | WarehouseOpened
  | DealerPut
  | PolicyPut
  | ErpEventBuffered
  | ErpEventRejected
  | SourcePut
  | SourceLost
  | SourceBack
  | GapSkipped
  | DeadLetterResolved
  | DriftRunEnded;

/** A new data folder or a restored backup begins: reservation ids carry the epoch and its nonce from here on. */
export interface EpochBegun {
  readonly kind: "EpochBegun";
  readonly epoch: number;
  readonly nonce: string;
}

export interface WarehouseOpened {
  readonly kind: "WarehouseOpened";
  /** 1, 2, 3 ...; 0 is the system's own partition. */
  readonly partition: number;
  readonly warehouseId: string;
}

export interface DealerPut {
  readonly kind: "DealerPut";
  readonly dealerId: string;
  readonly name: string;
  readonly warehouseId: string;
  readonly attribution: Attribution;
}

export interface PolicyPut {
  readonly kind: "PolicyPut";
  readonly scope: PolicyScope;
  readonly fields: PolicyFields;
  readonly attribution: Attribution;
}

/** An event ahead of a gap, kept until the missing ones arrive. */
export interface ErpEventBuffered {
  readonly kind: "ErpEventBuffered";
  readonly event: IncomingErpEvent;
}

/** What an operator says of a source. */
export interface SourcePut {
  readonly kind: "SourcePut";
  readonly source: string;
  readonly warehouseIds: readonly string[];
  readonly thresholds: SourceThresholds;
  readonly attribution: Attribution;
}

/** A source has been silent for too long: the figures of its warehouses are stale from now on. */
export interface SourceLost {
  readonly kind: "SourceLost";
  readonly source: string;
}

/** A source that was lost has caught up again. */
export interface SourceBack {
  readonly kind: "SourceBack";
  readonly source: string;
}

/** What a source did not send is passed over. */
export interface GapSkipped {
  readonly kind: "GapSkipped";
  readonly source: string;
  readonly first: number;
  readonly last: number;
  readonly attribution: Attribution;
}

export interface DeadLetterResolved {
  readonly kind: "DeadLetterResolved";
  readonly number: number;
  readonly how: "REPLAYED" | "DROPPED";
  readonly attribution: Attribution;
}

/** A run of positions is over, or what it had deferred was compared since: then `number` is the run's, else 0. */
export interface DriftRunEnded extends Omit<DriftRun, "endedAtMs"> {
  readonly kind: "DriftRunEnded";
}

/** One record of the journal: what one command, or one step of expiry, did to one partition. Its sequence runs 1, 2, 3 ... (I8). */
export interface JournalRecord {
  /** 0 is the system's partition. */
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Service time of the turn, milliseconds. */
  readonly timeMs: number;
  readonly events: readonly (PartitionEvent | SystemEvent)[];
}
