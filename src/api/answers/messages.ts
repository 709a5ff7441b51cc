/** Domain answers to messages. Plain literals: they run inside the turn, and `create` would cost several times as much. */
import { durationFromMs, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Freshness as DomainFreshness, StockFigures } from "../../domain/availability.js";
import type { Dealer as DomainDealer } from "../../domain/command.js";
import { asToldToDealer, type DealerPrecision } from "../../domain/dealer-precision.js";
import type { EffectivePolicy, PolicyFields, PolicyScope } from "../../domain/policy.js";
import type { Reservation as DomainReservation } from "../../domain/reservation.js";
import { type Availability, AvailabilityLevel, AvailabilityPrecision } from "../../gen/holdfast/v1/availability_pb.js";
import { DriftAction } from "../../gen/holdfast/v1/drift_pb.js";
import { type Freshness, FreshnessState } from "../../gen/holdfast/v1/freshness_pb.js";
import type { Dealer, Policy } from "../../gen/holdfast/v1/operations_service_pb.js";
import { type Reservation, type ReservationLine, ReservationState } from "../../gen/holdfast/v1/reservation_pb.js";

/** How readers by warehouse are told. */
const AS_IT_IS: DealerPrecision = { precision: "EXACT", cap: 0 };

export function reservationMessage(reservation: DomainReservation): Reservation {
  const pending = reservation.state === "PENDING";
  const committed = reservation.state === "COMMITTED";
  const lines: ReservationLine[] = [];
  for (const line of reservation.lines) {
    lines.push({
      $typeName: "holdfast.v1.ReservationLine",
      sku: line.sku,
      requested: BigInt(line.requested),
      reserved: pending ? BigInt(line.open) : 0n,
      committed: committed ? BigInt(line.open) : 0n,
      dispatched: BigInt(line.dispatched),
      released: BigInt(line.released),
    });
  }
  return {
    $typeName: "holdfast.v1.Reservation",
    reservationId: reservation.id,
    dealerId: reservation.dealerId,
    orderId: reservation.orderId,
    warehouseId: reservation.warehouseId,
    state: ReservationState[reservation.state],
    lines,
    createTime: timestamp(reservation.createdAtMs),
    updateTime: timestamp(reservation.updatedAtMs),
    expireTime: pending ? timestamp(reservation.expiresAtMs) : undefined,
    provisional: reservation.provisional,
    atRisk: reservation.atRisk,
    revision: BigInt(reservation.revision),
    reopenedFrom: reservation.reopenedFrom,
  };
}

export function freshnessMessage(freshness: DomainFreshness): Freshness {
  return {
    $typeName: "holdfast.v1.Freshness",
    state: FreshnessState[freshness.state],
    asOf: freshness.asOfMs === 0 ? undefined : timestamp(freshness.asOfMs),
    age: freshness.asOfMs === 0 ? undefined : durationFromMs(freshness.ageMs),
  };
}

/** Every figure for a reader by warehouse; for a dealer only what he may know, as exactly as he may (docs/api.md, Availability). */
export function availabilityMessage(
  figures: StockFigures,
  warehouseId: string,
  precision: DealerPrecision | undefined,
): Availability {
  const shown = (units: number) => (precision === undefined ? BigInt(units) : 0n);
  const told = asToldToDealer(figures, precision ?? AS_IT_IS);
  return {
    $typeName: "holdfast.v1.Availability",
    warehouseId,
    sku: figures.sku,
    onHand: shown(figures.onHand),
    unavailable: shown(figures.unavailable),
    reserved: shown(figures.reserved),
    committed: shown(figures.committed),
    allocatedElsewhere: shown(figures.allocatedElsewhere),
    safetyStock: shown(figures.safetyStock),
    degradedBuffer: shown(figures.degradedBuffer),
    availableToPromise: BigInt(told.availableToPromise),
    shortfall: shown(figures.shortfall),
    level: AvailabilityLevel[figures.level],
    capped: told.capped,
    version: BigInt(figures.version),
    updateTime: figures.updatedAtMs === 0 ? undefined : timestamp(figures.updatedAtMs),
  };
}

export function dealerMessage({ dealerId, name, warehouseId }: DomainDealer): Dealer {
  return { $typeName: "holdfast.v1.Dealer", dealerId, name, warehouseId };
}

/** A policy with the fields that are set, or the effective one with all that apply. */
export function policyMessage(scope: PolicyScope, fields: PolicyFields | EffectivePolicy): Policy {
  const units = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  const span = (value: number | undefined) => (value === undefined ? undefined : durationFromMs(value));
  return {
    $typeName: "holdfast.v1.Policy",
    ...scope,
    safetyStock: units(fields.safetyStock),
    lowAt: units(fields.lowAt),
    openReservationsMax: units(fields.openReservationsMax),
    holdDefault: span(fields.holdDefaultMs),
    holdMax: span(fields.holdMaxMs),
    degradedBufferUnits: units(fields.degradedBufferUnits),
    degradedBufferPercent: fields.degradedBufferPercent,
    degradedBufferSpan: span(fields.degradedBufferSpanMs),
    driftThresholdUnits: units(fields.driftThresholdUnits),
    driftThresholdPercent: fields.driftThresholdPercent,
    driftAction: fields.driftAction === undefined ? undefined : DriftAction[fields.driftAction],
    commitOverdueAfter: span(fields.commitOverdueAfterMs),
    availabilityPrecision:
      fields.availabilityPrecision === undefined ? undefined : AvailabilityPrecision[fields.availabilityPrecision],
    availabilityCap: units(fields.availabilityCap),
  } as Policy;
}

export function timestamp(ms: number): Timestamp {
  if (ms < 0) return timestampFromMs(ms);
  const seconds = Math.floor(ms / 1000);
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: BigInt(seconds),
    nanos: (ms - seconds * 1000) * 1_000_000,
  };
}
