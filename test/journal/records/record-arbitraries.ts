/** Every kind of event with every field drawn at random, edges first, for the codecs. */
import fc from "fast-check";
import type { DriftCounts } from "../../../src/domain/drift.js";
import type { ErpBody, ErpEvent, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import type { JournalRecord, PartitionEvent, RequestAnswered, SystemEvent } from "../../../src/domain/event.js";
import type { ConsumedUnits } from "../../../src/domain/movement.js";
import type { PolicyFields } from "../../../src/domain/policy.js";
import type { SourceThresholds } from "../../../src/domain/source.js";
import {
  AVAILABILITY_PRECISIONS,
  DRIFT_ACTIONS,
  DRIFT_CAUSE_CODES,
  DRIFT_STATES,
  FRESHNESS_STATES,
  GAP_POLICIES,
  METHODS,
  OUTCOME_TYPES,
  OUTCOMES,
  RELEASE_REASONS,
  RESERVATION_STATES,
  SHORTAGE_REASONS,
} from "../../../src/journal/records/codes.js";

const EDGES = [0, 1, 127, 128, 16_383, 16_384, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 35, 2 ** 49];
const MAX = Number.MAX_SAFE_INTEGER;

/** What a uint64 field may hold. */
export const count = fc.oneof(fc.constantFrom(...EDGES, MAX - 1, MAX), fc.nat(), fc.maxSafeNat());
/** What an int64 field may hold. */
export const delta = fc.oneof(
  count,
  count.map((value) => 0 - value),
);
export const count32 = fc.oneof(fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1));
/** Well-formed text, mostly not ASCII, on both sides of the lengths at which the codec changes its way. */
export const text = fc.oneof(
  fc.constantFrom(
    "",
    "Lager Süd",
    "倉庫-1",
    "🧱",
    "a".repeat(127),
    "a".repeat(128),
    "ü".repeat(64),
    `${"a".repeat(22)}ü`,
  ),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 200 }),
);
export const bool = fc.boolean();
export const bytes = fc.uint8Array({ maxLength: 300 });

/** One of the names that have a number on disk. */
export function nameIn<N extends string>(names: readonly N[]): fc.Arbitrary<Exclude<N, "">> {
  return fc.constantFrom(...names.filter((name): name is Exclude<N, ""> => name !== ""));
}

const place = { warehouseId: text, sku: text };
const bodies: { readonly [K in ErpBody["kind"]]: fc.Arbitrary<Extract<ErpBody, { kind: K }>> } = {
  StockReceived: fc.record({ kind: fc.constant("StockReceived"), ...place, quantity: count, reference: text }),
  StockAdjusted: fc.record({ kind: fc.constant("StockAdjusted"), ...place, delta, reason: text, reference: text }),
  StockCounted: fc.record({ kind: fc.constant("StockCounted"), ...place, onHand: count }),
  StockBlocked: fc.record({ kind: fc.constant("StockBlocked"), ...place, delta }),
  DemandAllocated: fc.record({ kind: fc.constant("DemandAllocated"), ...place, delta, reference: text }),
  OrderDispatched: fc.record({
    kind: fc.constant("OrderDispatched"),
    ...place,
    quantity: count,
    reservationId: text,
    orderId: text,
    dealerId: text,
  }),
  OrderClosed: fc.record({
    kind: fc.constant("OrderClosed"),
    ...place,
    reservationId: text,
    orderId: text,
    dealerId: text,
    reason: nameIn(RELEASE_REASONS),
  }),
  StockReturned: fc.record({
    kind: fc.constant("StockReturned"),
    ...place,
    quantity: count,
    orderId: text,
    dealerId: text,
  }),
  EventReversed: fc.record({ kind: fc.constant("EventReversed"), ...place, reversedEventId: text }),
};

const envelope = { source: text, sequence: count, eventId: text };
export const takenErpEvent: fc.Arbitrary<ErpEvent> = fc.record({
  ...envelope,
  occurredAtMs: count,
  body: fc.oneof(...Object.values(bodies)) as fc.Arbitrary<ErpBody>,
});
export const erpEvent: fc.Arbitrary<IncomingErpEvent> = fc.oneof(
  takenErpEvent,
  fc.record({ ...envelope, fault: text, raw: bytes }),
);

/** Quantities by line: an empty list on disk means "all that is open", so it is never drawn. */
const quantities = fc.option(fc.array(count, { minLength: 1, maxLength: 40 }), { nil: undefined });
const attribution = fc.record({ actor: text, reason: text });

export const policyFields: fc.Arbitrary<PolicyFields> = fc.record(
  {
    safetyStock: count,
    lowAt: count,
    openReservationsMax: count,
    holdDefaultMs: count,
    holdMaxMs: count,
    degradedBufferUnits: count,
    degradedBufferPercent: count,
    degradedBufferSpanMs: count,
    driftThresholdUnits: count,
    driftThresholdPercent: count,
    driftAction: nameIn(DRIFT_ACTIONS),
    commitOverdueAfterMs: count,
    availabilityPrecision: nameIn(AVAILABILITY_PRECISIONS),
    availabilityCap: count,
  },
  { requiredKeys: [] },
);
export const sourceThresholds: fc.Arbitrary<SourceThresholds> = fc.record(
  { laggingAfterMs: count, staleAfterMs: count, gapWaitMs: count, gapPolicy: nameIn(GAP_POLICIES) },
  { requiredKeys: [] },
);
/** No name is empty. */
export const warehouseIds = fc.array(
  text.filter((name) => name !== ""),
  { maxLength: 4 },
);
export const consumed: fc.Arbitrary<readonly ConsumedUnits[]> = fc.array(
  fc.record({ reservation: count, line: count32, quantity: count }),
  { maxLength: 5 },
);
export const driftCounts: fc.Arbitrary<DriftCounts> = fc.record({
  compared: count,
  drifted: count,
  healed: count,
  quarantined: count,
  deferred: count,
  incomparable: count,
  missingHere: count,
  missingThere: count,
  causes: fc.tuple(count, count, count, count, count),
});
export const policyScope = fc.record({ warehouseId: text, sku: text, dealerId: text });

export const requestAnswered: fc.Arbitrary<RequestAnswered> = fc.record({
  kind: fc.constant("RequestAnswered" as const),
  dealerId: text,
  requestId: text,
  method: nameIn(METHODS),
  fingerprint: fc.record({ high: count32, low: count32 }),
  outcome: nameIn(OUTCOMES),
  reservation: count,
  shown: fc.option(
    fc.record({
      state: nameIn(RESERVATION_STATES),
      revision: count,
      updatedAtMs: count,
      expiresAtMs: count,
      provisional: bool,
      atRisk: bool,
      lines: quantities,
    }),
    { nil: undefined },
  ),
  shortages: fc.array(fc.record({ sku: text, requested: count, available: count, reason: nameIn(SHORTAGE_REASONS) }), {
    maxLength: 5,
  }),
  freshness: fc.record({ state: nameIn(FRESHNESS_STATES), asOfMs: count, ageMs: count }),
  answeredAtMs: count,
});

type AnyEvent = PartitionEvent | SystemEvent;
const reservation = count;

/** One arbitrary for each kind: a kind that is added does not compile until it is drawn here. */
export const EVENTS: { readonly [K in AnyEvent["kind"]]: fc.Arbitrary<Extract<AnyEvent, { kind: K }>> } = {
  StockOpened: fc.record({ kind: fc.constant("StockOpened"), stock: count, sku: text }),
  StockPolicySet: fc.record({
    kind: fc.constant("StockPolicySet"),
    stock: count,
    safetyStock: delta,
    lowAt: delta,
    attribution,
  }),
  ErpEventApplied: fc.record({
    kind: fc.constant("ErpEventApplied"),
    event: takenErpEvent,
    stock: count,
    onHandDelta: delta,
    unavailableDelta: delta,
    allocatedDelta: delta,
    isLate: bool,
    consumed,
    exception: count,
    reverses: count,
  }),
  ErpEventRejected: fc.record({ kind: fc.constant("ErpEventRejected"), event: erpEvent, reason: text, isLate: bool }),
  DispatchUnmatched: fc.record({
    kind: fc.constant("DispatchUnmatched"),
    stock: count,
    event: takenErpEvent,
    quantity: count,
    reason: text,
  }),
  ReservationMade: fc.record({
    kind: fc.constant("ReservationMade"),
    reservation,
    epoch: count32,
    dealerId: text,
    orderId: text,
    lines: fc.array(
      fc.oneof(
        // A known stock says its SKU itself: only that of an unknown one is on disk.
        fc.record({
          stock: count.filter((stock) => stock > 0),
          sku: fc.constant(""),
          requested: count,
          granted: count,
        }),
        fc.record({ stock: fc.constant(0), sku: text, requested: count, granted: count }),
      ),
      { maxLength: 20 },
    ),
    expiresAtMs: count,
    provisional: bool,
  }),
  ReservationCommitted: fc.record({
    kind: fc.constant("ReservationCommitted"),
    reservation,
    quantities,
    provisional: bool,
  }),
  ReservationReleased: fc.record({
    kind: fc.constant("ReservationReleased"),
    reservation,
    quantities,
    reason: nameIn(RELEASE_REASONS),
    // One that says nothing is on disk as none.
    attribution: fc.option(
      attribution.filter(({ actor, reason }) => actor !== "" || reason !== ""),
      { nil: undefined },
    ),
  }),
  HoldExtended: fc.record({ kind: fc.constant("HoldExtended"), reservation, expiresAtMs: count }),
  HoldExpired: fc.record({ kind: fc.constant("HoldExpired"), reservation }),
  UnitsDispatched: fc.record({ kind: fc.constant("UnitsDispatched"), reservation, line: count32, quantity: count }),
  RiskChanged: fc.record({ kind: fc.constant("RiskChanged"), reservation, line: count32, atRisk: bool }),
  RequestAnswered: requestAnswered,
  WarehouseOpened: fc.record({ kind: fc.constant("WarehouseOpened"), partition: count32, warehouseId: text }),
  DealerPut: fc.record({ kind: fc.constant("DealerPut"), dealerId: text, name: text, warehouseId: text, attribution }),
  PolicyPut: fc.record({ kind: fc.constant("PolicyPut"), scope: policyScope, fields: policyFields, attribution }),
  ErpEventBuffered: fc.record({ kind: fc.constant("ErpEventBuffered"), event: erpEvent }),
  EpochBegun: fc.record({ kind: fc.constant("EpochBegun"), epoch: count32, nonce: text }),
  UnitsReturned: fc.record({ kind: fc.constant("UnitsReturned"), reservation, line: count32, quantity: count }),
  ReservationReopened: fc.record({
    kind: fc.constant("ReservationReopened"),
    reservation,
    epoch: count32,
    ended: count,
    quantities: fc.array(count, { maxLength: 40 }),
  }),
  ProvisionalConfirmed: fc.record({ kind: fc.constant("ProvisionalConfirmed"), reservation }),
  RiskKept: fc.record({ kind: fc.constant("RiskKept"), reservation, attribution }),
  DispatchAttached: fc.record({
    kind: fc.constant("DispatchAttached"),
    exception: count,
    reservation,
    line: count32,
    quantity: count,
    attribution,
  }),
  StockSourceMoved: fc.record({
    kind: fc.constant("StockSourceMoved"),
    stock: count,
    source: text,
    fromSequence: count,
    attribution,
  }),
  DegradedStepped: fc.record({
    kind: fc.constant("DegradedStepped"),
    sinceMs: count,
    step: count32,
    units: count,
    percent: count,
  }),
  OutcomesTold: fc.record({
    kind: fc.constant("OutcomesTold"),
    outcomes: fc.array(
      fc.record({
        type: nameIn(OUTCOME_TYPES),
        reservation,
        dealer: count,
        revision: count,
        lines: fc.array(fc.record({ line: count32, quantity: count, remaining: count }), { maxLength: 5 }),
        reason: text,
      }),
      { maxLength: 4 },
    ),
  }),
  SourcePut: fc.record({
    kind: fc.constant("SourcePut"),
    source: text,
    warehouseIds,
    thresholds: sourceThresholds,
    attribution,
  }),
  StockHealed: fc.record({
    kind: fc.constant("StockHealed"),
    stock: count,
    source: text,
    asOfSequence: count,
    onHandDelta: delta,
    unavailableDelta: delta,
    runId: text,
    attribution,
  }),
  QuarantineSet: fc.record({ kind: fc.constant("QuarantineSet"), stock: count, isOn: bool, attribution }),
  DriftFound: fc.record({
    kind: fc.constant("DriftFound"),
    runId: text,
    source: text,
    sku: text,
    asOfSequence: count,
    ourOnHand: delta,
    theirOnHand: delta,
    ourUnavailable: delta,
    theirUnavailable: delta,
    cause: nameIn(DRIFT_CAUSE_CODES),
    causeDetail: text,
    isMissingThere: bool,
    state: nameIn(DRIFT_STATES),
    stock: count,
  }),
  DriftResolved: fc.record({
    kind: fc.constant("DriftResolved"),
    number: count,
    state: nameIn(DRIFT_STATES),
    attribution,
  }),
  DriftRunEnded: fc.record({
    kind: fc.constant("DriftRunEnded"),
    number: count,
    runId: text,
    source: text,
    full: bool,
    startedAtMs: count,
    counts: driftCounts,
  }),
  SourceLost: fc.record({ kind: fc.constant("SourceLost"), source: text }),
  SourceBack: fc.record({ kind: fc.constant("SourceBack"), source: text }),
  GapSkipped: fc.record({ kind: fc.constant("GapSkipped"), source: text, first: count, last: count, attribution }),
  DeadLetterResolved: fc.record({
    kind: fc.constant("DeadLetterResolved"),
    number: count,
    how: fc.constantFrom("REPLAYED", "DROPPED"),
    attribution,
  }),
};

export const anyEvent = fc.oneof(...Object.values(EVENTS)) as fc.Arbitrary<AnyEvent>;

export function recordOf(event: fc.Arbitrary<AnyEvent>): fc.Arbitrary<JournalRecord> {
  return fc.record({
    partition: count32,
    epoch: count32,
    sequence: count,
    timeMs: count,
    events: fc.array(event, { minLength: 1, maxLength: 4 }),
  });
}
