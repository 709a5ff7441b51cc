/** Bytes that are not the message they should be, and messages that are small on the wire and large in memory. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withinElementBounds } from "../../../src/api/element-bounds.js";
import { rescueEvent } from "../../../src/api/requests/rescued-event.js";
import { Undecodable } from "../../../src/api/service-definition.js";
import { ErpEventSchema } from "../../../src/gen/holdfast/v1/erp_event_pb.js";
import {
  Disposition,
  type StreamEventsRequest,
  StreamEventsRequestSchema,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import {
  ReservationService,
  type ReserveRequest,
  ReserveRequestSchema,
  type ReserveStreamRequest,
  ReserveStreamRequestSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { EDGE_LIMITS } from "../../../src/limits.js";
import { refusalOf } from "../refusal-of.js";
import { EdgeHarness } from "./edge-harness.js";
import { APPLIED } from "./scripted-ports.js";

const GARBAGE = Buffer.from([0x0a, 0x05, 0xff, 0xff]);

let edge: EdgeHarness;

beforeEach(async () => {
  edge = await EdgeHarness.start();
});

afterEach(() => edge.stop());

/** A request whose event has a SKU that is no UTF-8. */
function withBrokenSku(sequence: number): Undecodable {
  const body = { case: "stockReceived", value: { warehouseId: "W1", sku: "BROKEN", quantity: 5n } } as const;
  const event = create(ErpEventSchema, { source: "erp", sequence: BigInt(sequence), eventId: `e${sequence}`, body });
  const bytes = Buffer.from(toBinary(StreamEventsRequestSchema, create(StreamEventsRequestSchema, { event })));
  bytes[bytes.indexOf("BROKEN")] = 0xff;
  expect(() => fromBinary(StreamEventsRequestSchema, bytes)).toThrow();
  return new Undecodable(bytes);
}

function received(sequence: number): StreamEventsRequest {
  const body = { case: "stockReceived", value: { warehouseId: "W1", sku: "A", quantity: 5n } } as const;
  const event = { source: "erp", sequence: BigInt(sequence), eventId: `e${sequence}`, body };
  return create(StreamEventsRequestSchema, { event });
}

describe("an event that cannot be decoded", () => {
  test("is one bad event where its source and sequence can be read, and the stream goes on", async () => {
    const run = edge.eventStream().read();
    run.send(withBrokenSku(1) as never);
    run.send(received(2));
    await edge.until(() => edge.ports.events.length === 2);
    expect(edge.ports.events[0]!.event).toMatchObject({
      source: "erp",
      sequence: 1,
      eventId: "e1",
      fault: "INVALID_FIELD: body",
    });
    for (const taken of edge.ports.events) taken.settle(APPLIED);
    run.stream.end();
    expect(await run.ended).toBeUndefined();
    expect(run.answers.map((answer) => answer.disposition)).toEqual([Disposition.APPLIED, Disposition.APPLIED]);
  });

  test("ends the stream where they cannot, after the answers before it", async () => {
    const run = edge.eventStream().read();
    for (const message of [received(1), new Undecodable(GARBAGE) as never, received(2)]) run.send(message);
    await edge.untilAtRest(() => edge.ports.events.length);
    expect(edge.ports.events).toHaveLength(1);
    edge.ports.events[0]!.settle(APPLIED);
    expect(await run.ended).toMatchObject({ code: 13, details: expect.stringContaining("deserializing") });
    expect(run.answers).toHaveLength(1);
  });

  test("is rescued from what comes before the damage only", () => {
    const event = (fields: (writer: BinaryWriter) => void) => {
      const inner = new BinaryWriter();
      fields(inner);
      return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(inner.finish()).finish();
    };
    const number = (name: string) => ErpEventSchema.fields.find((field) => field.name === name)!.number;
    const source = (writer: BinaryWriter) => writer.tag(number("source"), WireType.LengthDelimited).string("erp");
    const sequence = (writer: BinaryWriter) => writer.tag(number("sequence"), WireType.Varint).int64(7);
    expect(rescueEvent(event((writer) => void sequence(source(writer))))?.event?.sequence).toBe(7n);
    expect(rescueEvent(event((writer) => void source(writer)))).toBeUndefined();
    expect(rescueEvent(event((writer) => void sequence(writer)))).toBeUndefined();
    const notAText = event((writer) => {
      sequence(writer.tag(number("source"), WireType.LengthDelimited).bytes(Uint8Array.of(0xff)));
    });
    expect(rescueEvent(notAText)).toBeUndefined();
    expect(rescueEvent(new Uint8Array(0))).toBeUndefined();
  });
});

test("an order on a stream that cannot be decoded ends it after the answers before it", async () => {
  const run = edge.reserveStream().read();
  const reserve = { requestId: "", dealerId: "D", orderId: "O", warehouseId: "W", lines: [{ sku: "A", quantity: 1n }] };
  run.send(create(ReserveStreamRequestSchema, { reserve }));
  run.send(new Undecodable(GARBAGE) as unknown as ReserveStreamRequest);
  expect(await run.ended).toMatchObject({ code: 13, details: expect.stringContaining("deserializing") });
  expect(run.answers.map(({ result }) => result.case)).toEqual(["error"]);
});

describe("a field repeated without end", () => {
  const orderOf = (lines: number): ReserveRequest =>
    create(ReserveRequestSchema, {
      requestId: "r",
      dealerId: "D",
      lines: Array.from({ length: lines }, () => ({})),
      orderId: "O",
    });

  test("is decoded up to one element more than is allowed, with everything else", () => {
    const bytes = toBinary(ReserveRequestSchema, orderOf(100_000));
    const bounded = fromBinary(ReserveRequestSchema, withinElementBounds(ReserveRequestSchema, bytes));
    expect(bounded).toEqual(orderOf(EDGE_LIMITS.elementsMax + 1));
  });

  test("is not touched up to what is allowed, nor where the bytes are no message", () => {
    for (const lines of [1, EDGE_LIMITS.elementsMax, EDGE_LIMITS.elementsMax + 1]) {
      const bytes = toBinary(ReserveRequestSchema, orderOf(lines));
      expect(withinElementBounds(ReserveRequestSchema, bytes)).toBe(bytes);
    }
    const cut = toBinary(ReserveRequestSchema, orderOf(20_000)).slice(0, -1);
    expect(withinElementBounds(ReserveRequestSchema, cut)).toBe(cut);
  });

  test("is refused by the name of the field", async () => {
    const lines = Array.from({ length: 50_000 }, () => ({}));
    const request = { requestId: "r", dealerId: "D", orderId: "O", warehouseId: "W", lines };
    const refused = await refusalOf(edge.call(ReservationService, "reserve", request));
    expect(refused).toMatchObject({ infos: ["holdfast/LIMIT_EXCEEDED"], fields: ["lines"] });
  });
});
