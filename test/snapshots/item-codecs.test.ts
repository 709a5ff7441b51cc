/** The codecs of snapshot items and of the checkpoint file against protobuf-es and state.proto. */
import { type DescMessage, fromBinary, fromJson, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EndedUnits } from "../../src/domain/accuracy.js";
import type { Reservation } from "../../src/domain/reservation.js";
import { INHERIT, LAST_EVENTS_MAX, type Stock } from "../../src/domain/stock.js";
import { RequestAnsweredSchema } from "../../src/gen/holdfast/journal/v1/event_pb.js";
import * as state from "../../src/gen/holdfast/journal/v1/state_pb.js";
import { DEAD_LETTER_STATES, MOVEMENT_KINDS, RESERVATION_STATES } from "../../src/journal/records/codes.js";
import { WireError, WireReader, WireWriter } from "../../src/journal/records/wire.js";
import { discrepancyCodec, driftRunCodec } from "../../src/snapshots/codecs/drift-codecs.js";
import {
  accuracyCodec,
  answerItemCodec,
  exceptionCodec,
  movementCodec,
  partitionDealerCodec,
} from "../../src/snapshots/codecs/partition-codecs.js";
import { reservationCodec } from "../../src/snapshots/codecs/reservation-codec.js";
import { stockCodec } from "../../src/snapshots/codecs/stock-codec.js";
import * as system from "../../src/snapshots/codecs/system-codecs.js";
import type { ItemCodec } from "../../src/snapshots/item-codec.js";
import * as draw from "../journal/records/record-arbitraries.js";
import {
  answerJson,
  driftCountsJson,
  erpEventJson,
  json,
  policyJson,
  unitsJson,
} from "../journal/records/record-json.js";
import { chosenSeed } from "../journal/seeded-random.js";
import { drawnSource, sourceJson } from "./source-arbitrary.js";

const seed = chosenSeed() | 0;
const number = fc.constant(17);
const { count, delta, text, bool } = draw;

const policyValue = fc.oneof(fc.constant(INHERIT), fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER - 1));
const stock: fc.Arbitrary<Stock> = fc.record({
  number,
  sku: text,
  opened: bool,
  source: text,
  onHand: delta,
  unavailable: count,
  reserved: count,
  committed: count,
  allocatedElsewhere: count,
  safetyStock: policyValue,
  lowAt: policyValue,
  version: count,
  updatedAtMs: count,
  lastEvents: fc.array(draw.takenErpEvent, { maxLength: LAST_EVENTS_MAX }),
  newestException: count,
  sourceFrom: count,
  newestMovement: count,
  isQuarantined: bool,
  accuracy: count,
  waitingDiscrepancy: count,
});

function stockJson({ number: _, safetyStock, lowAt, lastEvents, ...rest }: Stock): JsonObject {
  const events = lastEvents.map(erpEventJson);
  return json({ ...rest, safetyStockPlusOne: safetyStock + 1, lowAtPlusOne: lowAt + 1, lastEvents: events });
}

const partition = {
  warehouseId: "W1",
  reservationId: (itemNumber: number, epoch: number) => `${itemNumber}-${epoch}`,
};
const reservation: fc.Arbitrary<Reservation> = fc
  .record({
    number,
    dealerId: text,
    orderId: text,
    warehouseId: fc.constant("W1"),
    lines: fc.array(
      fc.record({
        sku: text,
        stock: count,
        requested: count,
        open: count,
        dispatched: count,
        released: count,
        atRisk: bool,
      }),
      { maxLength: 12 },
    ),
    state: draw.nameIn(RESERVATION_STATES),
    createdAtMs: count,
    updatedAtMs: count,
    expiresAtMs: count,
    provisional: bool,
    atRisk: bool,
    revision: count,
    reopenedFrom: text,
    epoch: draw.count32,
    commitOrder: count,
    dealer: count,
    previousOfDealer: count,
    atRiskSinceMs: count,
    isKept: bool,
    committedAtMs: count,
  })
  .map((drawn) => ({ id: partition.reservationId(17, drawn.epoch), ...drawn }));

function reservationJson({ id: _, number: __, warehouseId: ___, state: name, ...rest }: Reservation): JsonObject {
  return json({ ...rest, state: `RESERVATION_STATE_${name}` });
}

const endedUnits = fc.array(fc.record({ startMs: count, fulfilled: draw.delta, failed: count }));

interface Case<T> {
  readonly name: string;
  readonly codec: ItemCodec<T>;
  readonly schema: DescMessage;
  readonly item: fc.Arbitrary<T>;
  readonly json: (item: T) => JsonObject;
}

function codecCase<T>(
  name: string,
  codec: ItemCodec<T>,
  schema: DescMessage,
  item: fc.Arbitrary<T>,
  toItemJson: (item: T) => JsonObject,
): Case<unknown> {
  return { name, codec, schema, item, json: toItemJson } as Case<unknown>;
}

const cases: readonly Case<unknown>[] = [
  codecCase("Stock", stockCodec, state.StockSchema, stock, stockJson),
  codecCase("Reservation", reservationCodec(partition), state.ReservationSchema, reservation, reservationJson),
  codecCase(
    "PartitionDealer",
    partitionDealerCodec,
    state.PartitionDealerSchema,
    fc.record({ number, dealerId: text, newestReservation: count, openReservations: count }),
    ({ number: _, ...rest }) => json(rest),
  ),
  codecCase(
    "RequestAnswered",
    answerItemCodec,
    RequestAnsweredSchema,
    fc.record({ number, answer: draw.requestAnswered }),
    ({ answer }) => answerJson(answer),
  ),
  codecCase(
    "DispatchException",
    exceptionCodec,
    state.DispatchExceptionSchema,
    fc.record({
      number,
      stock: count,
      event: draw.takenErpEvent,
      quantity: count,
      reason: text,
      createdAtMs: count,
      attached: count,
      attachments: draw.consumed,
      previousOfStock: count,
    }),
    ({ number: _, event, attachments, ...rest }) =>
      json({ ...rest, event: erpEventJson(event), attachments: unitsJson(attachments) }),
  ),
  codecCase(
    "Movement",
    movementCodec,
    state.MovementSchema,
    fc.record({
      number,
      stock: count,
      kind: draw.nameIn(MOVEMENT_KINDS),
      source: text,
      sequence: count,
      eventId: text,
      timeMs: count,
      onHandDelta: delta,
      unavailableDelta: delta,
      allocatedDelta: delta,
      consumed: draw.consumed,
      exception: count,
      isLate: bool,
      reverses: count,
      previous: count,
    }),
    ({ number: _, kind, consumed, ...rest }) =>
      json({ ...rest, kind: `MOVEMENT_KIND_${kind.toUpperCase()}`, consumed: unitsJson(consumed) }),
  ),
  codecCase(
    "Accuracy",
    accuracyCodec,
    state.AccuracySchema,
    fc.record({ number, stock: count, spans: fc.tuple(endedUnits, endedUnits, endedUnits) }),
    ({ stock: of, spans: [minutes, quarters, hours] }) => {
      const flat = (spans: readonly EndedUnits[] = []) =>
        spans.flatMap(({ startMs, fulfilled, failed }) => [startMs, fulfilled, failed]);
      return json({ stock: of, minutes: flat(minutes), quarters: flat(quarters), hours: flat(hours) });
    },
  ),
  codecCase(
    "Discrepancy",
    discrepancyCodec,
    state.DiscrepancySchema,
    draw.EVENTS.DriftFound.chain(({ kind: _, stock: __, ...found }) =>
      fc
        .record({
          number,
          createdAtMs: count,
          decision: fc.option(fc.record({ actor: text, reason: text, decidedAtMs: fc.integer({ min: 1 }) }), {
            nil: undefined,
          }),
        })
        .map((own) => ({ ...found, ...own })),
    ),
    ({ number: _, cause, state: how, decision, ...rest }) =>
      json({
        ...rest,
        cause: `DRIFT_CAUSE_${cause}`,
        state: `DRIFT_STATE_${how}`,
        ...(decision && {
          decidedBy: decision.actor,
          decidedBecause: decision.reason,
          decidedAtMs: decision.decidedAtMs,
        }),
      }),
  ),
  codecCase(
    "DriftRun",
    driftRunCodec,
    state.DriftRunSchema,
    fc.record({
      number,
      runId: text,
      source: text,
      full: bool,
      startedAtMs: count,
      endedAtMs: count,
      counts: draw.driftCounts,
    }),
    ({ number: _, counts, ...rest }) => json({ ...rest, counts: driftCountsJson(counts) }),
  ),
  codecCase("Epoch", system.epochCodec, state.EpochSchema, fc.record({ number, nonce: text }), ({ nonce }) => ({
    nonce,
  })),
  codecCase(
    "Warehouse",
    system.warehouseCodec,
    state.WarehouseSchema,
    fc.record({ number, warehouseId: text }),
    ({ warehouseId }) => ({ warehouseId }),
  ),
  codecCase(
    "Dealer",
    system.dealerCodec,
    state.DealerSchema,
    fc.record({
      number,
      dealerId: text,
      name: text,
      warehouseId: text,
      past: fc.array(fc.record({ warehouseId: text, untilMs: count }), { maxLength: 4 }),
    }),
    ({ number: _, ...rest }) => json(rest),
  ),
  codecCase(
    "PolicyEntry",
    system.policyCodec,
    state.PolicyEntrySchema,
    fc.record({
      number,
      scope: draw.policyScope,
      fields: draw.policyFields,
      stockChanges: count,
      longestHoldMs: count,
    }),
    ({ stockChanges, longestHoldMs, ...policy }) => json({ policy: policyJson(policy), stockChanges, longestHoldMs }),
  ),
  codecCase("Source", system.sourceCodec, state.SourceSchema, drawnSource(17), ({ source }) => sourceJson(source)),
  codecCase(
    "DeadLetter",
    system.deadLetterCodec,
    state.DeadLetterSchema,
    fc.record({
      number,
      event: draw.erpEvent,
      reason: text,
      createdAtMs: count,
      state: draw.nameIn(DEAD_LETTER_STATES),
    }),
    ({ number: _, event, state: name, ...rest }) =>
      json({ ...rest, event: erpEventJson(event), state: `DEAD_LETTER_STATE_${name}` }),
  ),
];

function encode<T>(codec: ItemCodec<T>, item: T): Uint8Array {
  const writer = new WireWriter(16);
  codec.write(writer, item);
  return Uint8Array.from(writer.bytes());
}

describe.each(cases)("an item of $name", ({ name, codec, schema, item, json: itemJson }) => {
  const numRuns = name === "Source" ? 25 : 150;

  test("as written here is what protobuf-es reads, and what is read here again", () => {
    fc.assert(
      fc.property(item, (written) => {
        const bytes = encode(codec, written);
        expect(toJson(schema, fromBinary(schema, bytes))).toEqual(toJson(schema, fromJson(schema, itemJson(written))));
        expect(codec.read(new WireReader(bytes), 17)).toEqual(written);
      }),
      { seed, numRuns },
    );
  });

  test("as protobuf-es writes it is what is read here", () => {
    fc.assert(
      fc.property(item, (written) => {
        const bytes = toBinary(schema, fromJson(schema, itemJson(written)));
        expect(codec.read(new WireReader(bytes), 17)).toEqual(written);
      }),
      { seed, numRuns },
    );
  });

  test("with a byte changed, cut, or of noise is read or refused by name, and never hangs", () => {
    let refused = 0;
    const attempt = (bytes: Uint8Array) => {
      try {
        codec.read(new WireReader(bytes), 17);
      } catch (cause) {
        refused += 1;
        if (!(cause instanceof WireError || cause instanceof RangeError)) throw cause;
      }
    };
    fc.assert(
      fc.property(item, fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 100 }), (written, at, byte, noise) => {
        const bytes = encode(codec, written);
        attempt(bytes.subarray(0, at % (bytes.length + 1)));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        attempt(bytes);
        attempt(noise);
      }),
      { seed, numRuns: numRuns * 2 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});
