import { toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freshnessMessage, reservationMessage } from "../../src/api/answers/messages.js";
import { encodeReserveResponse, encodeStreamResponse } from "../../src/api/answers/reserve-encoder.js";
import type { Answers } from "../../src/domain/command.js";
import type { Reservation } from "../../src/domain/reservation.js";
import {
  ReserveOutcome,
  type ReserveResponse,
  ReserveResponseSchema,
  ReserveStreamResponseSchema,
  ShortageReason,
} from "../../src/gen/holdfast/v1/reservation_service_pb.js";

const units = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER), fc.maxSafeNat());
const name = fc.string({ minLength: 1, maxLength: 128, unit: "grapheme" });
const time = fc.integer({ min: 1, max: 4_000_000_000_000 });

const reservation: fc.Arbitrary<Reservation> = fc.record({
  id: name,
  number: fc.nat(),
  dealerId: name,
  orderId: name,
  warehouseId: name,
  lines: fc.array(
    fc.record({
      sku: name,
      stock: fc.nat(),
      requested: units,
      open: units,
      dispatched: units,
      released: units,
      atRisk: fc.boolean(),
    }),
    { maxLength: 60 },
  ),
  state: fc.constantFrom("PENDING" as const, "COMMITTED" as const),
  createdAtMs: time,
  updatedAtMs: time,
  expiresAtMs: time,
  provisional: fc.boolean(),
  atRisk: fc.boolean(),
  atRiskSinceMs: time,
  isKept: fc.boolean(),
  committedAtMs: fc.constant(0),
  revision: units,
  reopenedFrom: fc.oneof(fc.constant(""), name),
  epoch: fc.nat(),
  commitOrder: fc.nat(),
  dealer: fc.nat(),
  previousOfDealer: fc.nat(),
});

const answers: fc.Arbitrary<Answers["Reserve"]> = fc.record({
  outcome: fc.constantFrom("RESERVED" as const, "PARTIALLY_RESERVED" as const, "REJECTED" as const),
  reservation: fc.option(reservation, { nil: undefined }),
  shortages: fc.array(
    fc.record({
      sku: name,
      requested: units,
      available: units,
      reason: fc.constantFrom("INSUFFICIENT" as const, "SHORTFALL" as const, "UNKNOWN_SKU" as const),
    }),
    { maxLength: 3 },
  ),
  freshness: fc.record({
    state: fc.constantFrom("LIVE" as const, "LAGGING" as const),
    asOfMs: fc.oneof(fc.constant(0), time),
    ageMs: fc.nat(),
  }),
});

/** The answer as the generated code has it. */
function reserveResponse(answer: Answers["Reserve"]): ReserveResponse {
  return {
    $typeName: "holdfast.v1.ReserveResponse",
    outcome: ReserveOutcome[answer.outcome],
    reservation: answer.reservation === undefined ? undefined : reservationMessage(answer.reservation),
    shortages: answer.shortages.map((shortage) => ({
      $typeName: "holdfast.v1.Shortage",
      sku: shortage.sku,
      requested: BigInt(shortage.requested),
      available: BigInt(shortage.available),
      reason: ShortageReason[shortage.reason],
    })),
    freshness: freshnessMessage(answer.freshness),
  };
}

describe("the encoder of the fast path", () => {
  it("writes what the generated code writes, to the byte", () => {
    fc.assert(
      fc.property(answers, name, (answer, requestId) => {
        const value = reserveResponse(answer);
        expect(encodeReserveResponse(answer)).toEqual(Buffer.from(toBinary(ReserveResponseSchema, value)));
        const message = {
          $typeName: "holdfast.v1.ReserveStreamResponse" as const,
          requestId,
          result: { case: "response" as const, value },
        };
        expect(encodeStreamResponse(requestId, answer)).toEqual(
          Buffer.from(toBinary(ReserveStreamResponseSchema, message)),
        );
      }),
    );
  });
});
