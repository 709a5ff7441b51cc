/**
 * What operations people ask about the ERP side, and the answers: dead letters, dispatches that matched nothing, orders at risk, sources.
 * Their fields are checked for form before; the rest is decided in the turn. Part of command.ts, apart from it for its length.
 */
import type { Attribution } from "./command.js";
import type { Discrepancy, DriftRun } from "./drift.js";
import type { StoredException } from "./partition-state.js";
import type { Reservation } from "./reservation.js";
import type { SequenceRange } from "./sequence-runs.js";
import type { SourceThresholds } from "./source.js";
import type { SourceView } from "./source-view.js";
import type { DeadLetter } from "./system-state.js";

export type ErpOperation =
  | ListDeadLetters
  | ReplayDeadLetter
  | DropDeadLetter
  | ListDispatchExceptions
  | AttachDispatch
  | ListAtRisk
  | ResolveAtRisk
  | PutSource
  | GetSource
  | ListSources
  | MoveStockSource
  | SkipGap
  | ListDriftRuns
  | ListDiscrepancies
  | ResolveDrift;

interface Paged {
  /** 1 to 1,000. */
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface ListDeadLetters extends Paged {
  readonly kind: "ListDeadLetters";
  /** Empty means every source. */
  readonly source: string;
  readonly includeResolved: boolean;
}

export interface ReplayDeadLetter {
  readonly kind: "ReplayDeadLetter";
  readonly number: number;
  readonly attribution: Attribution;
}

export interface DropDeadLetter {
  readonly kind: "DropDeadLetter";
  readonly number: number;
  readonly attribution: Attribution;
}

export interface ListDispatchExceptions extends Paged {
  readonly kind: "ListDispatchExceptions";
  readonly warehouseId: string;
  /** Empty means every SKU. */
  readonly sku: string;
  readonly includeResolved: boolean;
}

export interface AttachDispatch {
  readonly kind: "AttachDispatch";
  readonly warehouseId: string;
  readonly exception: number;
  readonly reservationId: string;
  /** 0 means as many as the exception and the reservation's line both have. */
  readonly quantity: number;
  readonly attribution: Attribution;
}

export interface ListAtRisk extends Paged {
  readonly kind: "ListAtRisk";
  /** Empty means every warehouse. */
  readonly warehouseId: string;
  readonly includeKept: boolean;
}

export interface ResolveAtRisk {
  readonly kind: "ResolveAtRisk";
  readonly reservationId: string;
  readonly resolution: "RELEASE" | "KEEP";
  readonly attribution: Attribution;
}

export interface PutSource {
  readonly kind: "PutSource";
  readonly source: string;
  /** Each once. */
  readonly warehouseIds: readonly string[];
  readonly thresholds: SourceThresholds;
  readonly attribution: Attribution;
}

export interface GetSource {
  readonly kind: "GetSource";
  readonly source: string;
}

export interface ListSources extends Paged {
  readonly kind: "ListSources";
}

export interface MoveStockSource {
  readonly kind: "MoveStockSource";
  readonly warehouseId: string;
  readonly sku: string;
  readonly source: string;
  /** The first sequence of that source that counts for the stock. */
  readonly fromSequence: number;
  readonly attribution: Attribution;
}

export interface SkipGap {
  readonly kind: "SkipGap";
  readonly source: string;
  /** The last sequence that is passed over. */
  readonly last: number;
  readonly attribution: Attribution;
}

export interface ListDriftRuns extends Paged {
  readonly kind: "ListDriftRuns";
  /** Empty means every source. */
  readonly source: string;
}

export interface ListDiscrepancies extends Paged {
  readonly kind: "ListDiscrepancies";
  readonly warehouseId: string;
  /** Empty means every run. */
  readonly runId: string;
  readonly includeResolved: boolean;
}

export interface ResolveDrift {
  readonly kind: "ResolveDrift";
  readonly warehouseId: string;
  /** Of the discrepancy. */
  readonly number: number;
  readonly resolution: "HEALED" | "DISMISSED" | "QUARANTINED";
  readonly attribution: Attribution;
}

/** A line of an open reservation that is not covered by what is there. */
export interface AtRiskLine {
  readonly reservation: Reservation;
  readonly sku: string;
  /** Open units of the line. */
  readonly quantity: number;
  /** Of those, not covered. */
  readonly shortBy: number;
}

/** What each is answered with; valid only while the answer is rendered. */
export interface ErpOperationAnswers {
  ListDeadLetters: { readonly letters: readonly DeadLetter[]; readonly nextPageToken: string };
  ReplayDeadLetter: DeadLetter;
  DropDeadLetter: DeadLetter;
  ListDispatchExceptions: { readonly exceptions: readonly StoredException[]; readonly nextPageToken: string };
  AttachDispatch: StoredException;
  ListAtRisk: { readonly lines: readonly AtRiskLine[]; readonly nextPageToken: string };
  ResolveAtRisk: Reservation;
  ListDriftRuns: { readonly runs: readonly DriftRun[]; readonly nextPageToken: string };
  ListDiscrepancies: {
    readonly warehouseId: string;
    readonly discrepancies: readonly Discrepancy[];
    readonly nextPageToken: string;
  };
  ResolveDrift: { readonly warehouseId: string; readonly discrepancy: Discrepancy };
  PutSource: SourceView;
  GetSource: SourceView;
  ListSources: { readonly sources: readonly SourceView[]; readonly nextPageToken: string };
  /** `previousSource` is empty where the stock had none. */
  MoveStockSource: { readonly source: string; readonly previousSource: string };
  /** `skipped` is undefined where that was passed over, or taken, before. */
  SkipGap: { readonly appliedSequence: number; readonly skipped: SequenceRange | undefined };
}
