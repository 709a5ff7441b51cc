/**
 * Reads just enough of an answer to know that it is the right one. The generator cannot afford to decode each answer;
 * what does not look right at first glance is decoded in full, and then either accepted or named in the error.
 */
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import {
  ReserveOutcome,
  ReserveResponseSchema,
  ReserveStreamResponseSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";

/** Tags of fields with their wire types: number * 8 + type, all below 128 here, so each is one byte. */
const tags = { outcome: 0x08, streamRequestId: 0x0a, streamResponse: 0x12 };

/** Throws unless the ReserveResponse in bytes[start..end) says RESERVED. */
export function expectReserved(bytes: Buffer, start: number, end: number): void {
  if (bytes[start] === tags.outcome && bytes[start + 1] === ReserveOutcome.RESERVED) return;
  const response = fromBinary(ReserveResponseSchema, bytes.subarray(start, end));
  if (response.outcome === ReserveOutcome.RESERVED) return;
  throw new Error(`a reserve was not granted: ${toJsonString(ReserveResponseSchema, response)}`);
}

/** Throws unless the ReserveStreamResponse says RESERVED and answers the request with this id. */
export function expectStreamReserved(bytes: Buffer, start: number, end: number, requestId: ExpectedRequestId): void {
  const idStart = start + 2;
  const idEnd = idStart + requestId.prefix.length + requestId.digits;
  const idFits = bytes[start] === tags.streamRequestId && requestId.equals(bytes, idStart, idEnd);
  if (idFits && bytes[idEnd] === tags.streamResponse) {
    const responseStart = idEnd + 1 + varintBytes(bytes, idEnd + 1);
    expectReserved(bytes, responseStart, end);
    return;
  }
  const answer = fromBinary(ReserveStreamResponseSchema, bytes.subarray(start, end));
  const reserved = answer.result.case === "response" && answer.result.value.outcome === ReserveOutcome.RESERVED;
  if (reserved && answer.requestId === requestId.toString()) return;
  const told = toJsonString(ReserveStreamResponseSchema, answer);
  throw new Error(`${requestId} was not granted, or answered out of order: ${told}`);
}

/** The request_id that the next answer on a stream must carry: a prefix, and a number that rises by one. */
export class ExpectedRequestId {
  #number = 0;

  constructor(
    readonly prefix: string,
    readonly digits: number,
  ) {}

  advance(): void {
    this.#number++;
  }

  /** Whether bytes[start..end) end in this number. The prefix is the stream's own and is not looked at. */
  equals(bytes: Buffer, start: number, end: number): boolean {
    let rest = this.#number;
    for (let at = end - 1; at >= end - this.digits; at--) {
      const quotient = Math.trunc(rest / 10);
      if (bytes[at] !== 0x30 + rest - quotient * 10) return false;
      rest = quotient;
    }
    return bytes[start - 1] === end - start;
  }

  toString(): string {
    return this.prefix + String(this.#number).padStart(this.digits, "0");
  }
}

function varintBytes(bytes: Buffer, at: number): number {
  let count = 1;
  while (bytes[at + count - 1]! >= 0x80) count++;
  return count;
}
