/**
 * Parts of answers that the benchmark's own servers share. Messages are plain object literals, the form that
 * protobuf-es encodes fastest.
 */
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { type Freshness, FreshnessState } from "../../src/gen/holdfast/v1/freshness_pb.js";
import type { ReservationLine } from "../../src/gen/holdfast/v1/reservation_pb.js";
import type { ReserveLine } from "../../src/gen/holdfast/v1/reservation_service_pb.js";

/** A line that is held in full. */
export function heldLine(line: Pick<ReserveLine, "sku" | "quantity">): ReservationLine {
  return {
    $typeName: "holdfast.v1.ReservationLine",
    sku: line.sku,
    requested: line.quantity,
    reserved: line.quantity,
    committed: 0n,
    dispatched: 0n,
    released: 0n,
  };
}

/** As if the ERP had spoken five seconds ago. */
export function liveFreshness(nowMs: number): Freshness {
  const age: Duration = { $typeName: "google.protobuf.Duration", seconds: 5n, nanos: (nowMs % 1000) * 1_000_000 };
  return {
    $typeName: "holdfast.v1.Freshness",
    state: FreshnessState.LIVE,
    asOf: timestamp(nowMs - 5_000),
    age,
  };
}

export function timestamp(epochMs: number): Timestamp {
  const seconds = Math.floor(epochMs / 1000);
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: BigInt(seconds),
    nanos: (epochMs - seconds * 1000) * 1_000_000,
  };
}
