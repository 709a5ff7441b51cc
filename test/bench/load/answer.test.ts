import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ExpectedRequestId, expectReserved, expectStreamReserved } from "../../../scripts/bench/load/answer.js";
import {
  ReserveOutcome,
  ReserveResponseSchema,
  ReserveStreamResponseSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";

const orderId = "o".repeat(100);

function reserveAnswer(outcome: ReserveOutcome): Buffer {
  // Long enough for its length to take two bytes where it stands inside another message.
  const response = create(ReserveResponseSchema, { outcome, reservation: { reservationId: "r1", orderId } });
  return Buffer.from(toBinary(ReserveResponseSchema, response));
}

function streamAnswer(requestId: string, outcome: ReserveOutcome): Buffer {
  const value = create(ReserveResponseSchema, { outcome, reservation: { reservationId: "r1", orderId } });
  const answer = create(ReserveStreamResponseSchema, { requestId, result: { case: "response", value } });
  return Buffer.from(toBinary(ReserveStreamResponseSchema, answer));
}

function expectInStream(answer: Buffer, expected: ExpectedRequestId): void {
  expectStreamReserved(answer, 0, answer.length, expected);
}

function expectedAfter(count: number): ExpectedRequestId {
  const expected = new ExpectedRequestId("request-1-", 10);
  for (let step = 0; step < count; step++) expected.advance();
  return expected;
}

test("RESERVED is accepted wherever the answer stands in its buffer", () => {
  const answer = reserveAnswer(ReserveOutcome.RESERVED);
  const buffer = Buffer.concat([Buffer.from("xx"), answer, Buffer.from("yy")]);
  expect(() => expectReserved(buffer, 2, 2 + answer.length)).not.toThrow();
});

test("an outcome that does not stand first is found too", () => {
  const reservationFirst = Buffer.concat([Buffer.of(0x12, 0), Buffer.of(0x08, ReserveOutcome.RESERVED)]);
  expect(() => expectReserved(reservationFirst, 0, reservationFirst.length)).not.toThrow();
});

test.each([ReserveOutcome.UNSPECIFIED, ReserveOutcome.PARTIALLY_RESERVED, ReserveOutcome.REJECTED])(
  "outcome %i is an error that shows the answer",
  (outcome) => {
    const answer = reserveAnswer(outcome);
    expect(() => expectReserved(answer, 0, answer.length)).toThrow("r1");
  },
);

test("an answer on a stream is accepted when it is RESERVED and answers the next request", () => {
  const answer = streamAnswer("request-1-0000000012", ReserveOutcome.RESERVED);
  expect(() => expectInStream(answer, expectedAfter(12))).not.toThrow();
});

test("an answer to another request than the next one is an error", () => {
  const answer = streamAnswer("request-1-0000000013", ReserveOutcome.RESERVED);
  expect(() => expectInStream(answer, expectedAfter(12))).toThrow("out of order");
});

test("a rejected reserve on a stream is an error", () => {
  const answer = streamAnswer("request-1-0000000012", ReserveOutcome.REJECTED);
  expect(() => expectInStream(answer, expectedAfter(12))).toThrow("was not granted");
});

test("a status in place of an answer is an error that shows it", () => {
  const answer = create(ReserveStreamResponseSchema, {
    requestId: "request-1-0000000012",
    result: { case: "error", value: { code: 8, message: "the inbox is full" } },
  });
  const bytes = Buffer.from(toBinary(ReserveStreamResponseSchema, answer));
  expect(() => expectInStream(bytes, expectedAfter(12))).toThrow("the inbox is full");
});
