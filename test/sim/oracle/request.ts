/**
 * What the simulated world tells the oracle, and what the oracle expects of Holdfast. Types only.
 * They are kept stable: the world is built on them.
 */
import type { Outcome, SourceStatus } from "../../../src/actor/service.js";
import type { StockFigures } from "../../../src/domain/availability.js";
import type { Command, Dealer, ReserveAnswer, Shortage } from "../../../src/domain/command.js";
import type { DriftCounts, Position } from "../../../src/domain/drift.js";
import type { ErpEvent, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import type { StoredException } from "../../../src/domain/partition-state.js";
import type { EffectivePolicy, PolicyFields, PolicyScope } from "../../../src/domain/policy.js";
import type { RefusalReason } from "../../../src/domain/refusal.js";
import type { Reservation, ReservationState } from "../../../src/domain/reservation.js";
import type { SequenceRange } from "../../../src/domain/sequence-runs.js";
import type { LinkThresholds } from "../../../src/domain/source.js";
import type { SourceView } from "../../../src/domain/source-view.js";
import type { DeadLetter } from "../../../src/domain/system-state.js";

/** One decision of the engine, as it was asked for. */
export type Request =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "erp"; readonly event: IncomingErpEvent }
  | { readonly kind: "heartbeat"; readonly source: string; readonly lastSequence: number }
  | { readonly kind: "sourceStatus"; readonly source: string }
  /** Positions of a run, and its end. */
  | {
      readonly kind: "positions";
      readonly source: string;
      readonly runId: string;
      readonly positions: readonly Position[];
    }
  | { readonly kind: "positionsEnd"; readonly source: string; readonly runId: string };

/** What the service settled with: an `Answers[...]`, an `EventDisposition` or a `SourceStatus`, a refusal or a failure. */
export type ActualOutcome = Outcome<unknown>;

/** What the oracle is built with: the settings of the node that callers can see the effect of. */
export interface OracleSettings {
  readonly requireKnown: boolean;
  readonly sourceThresholds: LinkThresholds;
  /** An ERP's quantity above this is not taken without a person's word. */
  readonly erpQuantityMax: number;
  readonly answersMax: number;
  readonly answerRetentionMs: number;
  /** Events of one source that may wait ahead of a gap. */
  readonly bufferedEventsMax: number;
}

/** A reservation as the model knew it at one moment. `number` is the model's own; the real id is opaque. */
export interface ReservationPicture {
  readonly number: number;
  readonly dealerId: string;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly state: ReservationState;
  readonly lines: readonly LinePicture[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** False: `updatedAtMs` is the earliest moment that it may be. */
  readonly updatedExactly: boolean;
  readonly expiresAtMs: number;
  readonly atRisk: boolean;
  readonly provisional: boolean;
  /** Number of the one that it continues; 0 for most. */
  readonly reopenedFrom: number;
  /** Since when it is at risk; 0 while it is not. */
  readonly atRiskSinceMs: number;
  readonly kept: boolean;
  readonly committedAtMs: number;
  readonly revision: number;
  /** Less than `revision` where two expiries may have been noticed at once. */
  readonly revisionLeast: number;
}

export interface LinePicture {
  readonly sku: string;
  readonly requested: number;
  readonly open: number;
  readonly dispatched: number;
  readonly released: number;
}

/** Figures as docs/api.md defines them; `version` and `update_time` are checked against what was seen before instead. */
export type FiguresPicture = Omit<StockFigures, "version" | "updatedAtMs"> & { readonly seen: boolean };

/** `as_of` may lie anywhere from `asOfMinMs` on where a crash may have lost heartbeats, which are not journalled. */
export interface FreshnessPicture {
  /** When it was judged; in the past for an answer that is given again. */
  readonly atMs: number;
  readonly states: readonly string[];
  readonly asOfMinMs: number;
  readonly asOfMaxMs: number;
}

export interface ExceptionPicture {
  readonly eventId: string;
  readonly quantity: number;
  readonly reason: string;
}

/** A dispatch exception as operations people see it. */
export interface StoredPicture extends Pick<StoredException, "number" | "event" | "quantity" | "reason"> {
  readonly createdAtMs: number;
  readonly attached: number;
}

export interface AtRiskPicture {
  readonly reservation: ReservationPicture;
  readonly sku: string;
  readonly quantity: number;
  readonly shortBy: number;
}

export interface SourcePicture extends Omit<SourceView, "state"> {
  readonly said: FreshnessPicture;
}

/** What of GetSyncHealth comes from the journal. */
export interface HealthPicture {
  /** By window. */
  readonly accuracy: readonly { readonly windowMs: number; readonly fulfilled: number; readonly failed: number }[];
  readonly openUnits: number;
  readonly oldestOpenMs: number;
  readonly sources: readonly SourcePicture[];
  readonly gaps: number;
  readonly oldestGapMs: number;
  readonly provisionalOrders: number;
  readonly oldestProvisionalMs: number;
  readonly atRiskUnits: number;
  readonly deadLetters: number;
  readonly dispatchExceptions: number;
  readonly overdueCommittedUnits: number;
  readonly holdsPastDeadline: number;
  readonly quarantinedStocks: number;
}

/** What a run of positions came to. */
export type RunCounts = Omit<DriftCounts, "causes" | "quarantined" | "missingThere">;

/** The content of an answer. */
export type ExpectedAnswer =
  | {
      readonly kind: "reserve";
      readonly outcome: ReserveAnswer["outcome"];
      readonly reservation: ReservationPicture | undefined;
      readonly shortages: readonly Shortage[];
      readonly freshness: FreshnessPicture;
    }
  | { readonly kind: "reservation"; readonly reservation: ReservationPicture; readonly freshness: FreshnessPicture }
  | { readonly kind: "list"; readonly matching: readonly ReservationPicture[] }
  | {
      readonly kind: "stock";
      readonly warehouseId: string;
      readonly figures: FiguresPicture;
      readonly open: readonly ReservationPicture[];
      readonly lastEvents: readonly ErpEvent[];
      readonly exceptions: readonly ExceptionPicture[];
    }
  | { readonly kind: "deadLetters"; readonly letters: readonly DeadLetter[] }
  | { readonly kind: "deadLetter"; readonly letter: DeadLetter }
  | { readonly kind: "exceptions"; readonly exceptions: readonly StoredPicture[] }
  | { readonly kind: "exception"; readonly exception: StoredPicture }
  | { readonly kind: "atRisk"; readonly lines: readonly AtRiskPicture[] }
  | { readonly kind: "resolved"; readonly reservation: ReservationPicture }
  | { readonly kind: "source"; readonly source: SourcePicture }
  | { readonly kind: "sources"; readonly sources: readonly SourcePicture[] }
  | { readonly kind: "skipped"; readonly appliedSequence: number; readonly skipped: SequenceRange | undefined }
  | { readonly kind: "moved"; readonly source: string; readonly previousSource: string }
  | { readonly kind: "health"; readonly health: HealthPicture }
  | { readonly kind: "positions" }
  | { readonly kind: "drift"; readonly counts: RunCounts }
  | { readonly kind: "dealer"; readonly dealer: Dealer }
  | {
      readonly kind: "policy";
      readonly scope: PolicyScope;
      readonly fields: PolicyFields;
      readonly effective: EffectivePolicy;
    }
  | {
      readonly kind: "disposition";
      readonly disposition: string;
      readonly reason: string;
      readonly missing: readonly { readonly first: number; readonly last: number }[];
    }
  | {
      readonly kind: "sourceStatus";
      readonly appliedSequence: number;
      readonly gaps: readonly { readonly first: number; readonly last: number }[];
      readonly said: FreshnessPicture;
    };

export type Expected =
  | { readonly kind: "answered"; readonly answer: ExpectedAnswer }
  | {
      readonly kind: "refused";
      /** Any of these: more than one where several apply and docs/api.md does not say which goes first. */
      readonly reasons: readonly RefusalReason[];
      /** Values that the metadata must name. */
      readonly names: readonly string[];
    };

/** A decision of the model. `mark` is its place in the order, for `rewindTo`. */
export interface Decision {
  readonly mark: number;
  readonly nowMs: number;
  readonly request: Request;
  readonly expected: Expected;
}

/**
 * What was read back from the service, all of one moment, nothing being under way.
 * `stocks` from GetStock, or from GetAvailability once due expiries are published; any number of them.
 * `reservations`: all that are open, and any that ended; undefined when they were not read.
 */
export interface View {
  /** Service time. */
  readonly nowMs: number;
  readonly stocks: readonly { readonly warehouseId: string; readonly figures: StockFigures }[];
  readonly reservations: readonly Reservation[] | undefined;
  readonly sources: readonly { readonly source: string; readonly status: SourceStatus }[];
}
