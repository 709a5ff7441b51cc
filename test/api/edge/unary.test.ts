/** Unary calls that end before their answer, and bytes that are no request. */
import { type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { refusal } from "../../../src/domain/refusal.js";
import { ReservationService } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { EdgeHarness, reserveRequest } from "./edge-harness.js";
import { sampleReserved } from "./sample-answers.js";

let edge: EdgeHarness;

beforeAll(async () => {
  edge = await EdgeHarness.start();
});

beforeEach(() => {
  edge.ports.taken.length = 0;
  edge.ports.onCommand = () => {};
});

afterAll(() => edge.stop());

describe("a call that is over before its answer", () => {
  const begin = (options: object = {}) => edge.start(ReservationService, "reserve", reserveRequest("R1"), options);

  test("by its caller's cancel settles without harm, and the next call is answered", async () => {
    const { call, answer } = begin();
    await edge.until(() => edge.ports.taken.length === 1);
    call.cancel();
    expect(await codeOf(answer)).toBe(status.CANCELLED);
    await afterwards();
  });

  test("by its deadline settles without harm, and the next call is answered", async () => {
    const { answer } = begin({ deadline: Date.now() + 200 });
    await edge.until(() => edge.ports.taken.length === 1);
    expect(await codeOf(answer)).toBe(status.DEADLINE_EXCEEDED);
    await afterwards();
  });

  /** The engine settles what it took, in each of the ways that it can. */
  async function afterwards(): Promise<void> {
    const [taken] = edge.ports.taken;
    taken!.answer(sampleReserved());
    taken!.refuse(refusal("OVERLOADED", "late"));
    taken!.fail(new Error("late"));
    edge.ports.onCommand = (taken) => taken.answer(sampleReserved());
    expect(await begin().answer).toMatchObject({ outcome: 1 });
  }
});

describe("what is no request at all has the transport's own status", () => {
  const send = (bytes: Buffer) =>
    new Promise<ServiceError>((resolve, reject) => {
      const asIs = (value: Buffer) => value;
      edge.client.makeUnaryRequest("/holdfast.v1.ReservationService/Reserve", asIs, asIs, bytes, (error) =>
        error === null ? reject(new Error("answered")) : resolve(error),
      );
    });
  const requestId = (...bytes: number[]) => Buffer.from([0x0a, bytes.length, ...bytes]);

  test.each([
    ["a truncated field", Buffer.from([0x0a, 200, 1])],
    ["a wire type that does not exist", Buffer.from([0x0f])],
    ["half a surrogate pair", requestId(0xed, 0xa0, 0x80)],
    ["a byte that begins no character", requestId(0xff)],
  ])("%s", async (_, bytes) => {
    const error = await send(bytes);
    expect([error.code, error.metadata.get("grpc-status-details-bin")]).toEqual([status.INTERNAL, []]);
    expect(edge.ports.taken).toEqual([]);
  });

  test("more than 4 MiB", async () => {
    const error = await send(Buffer.alloc(4 * 1024 * 1024 + 1));
    expect([error.code, error.metadata.get("grpc-status-details-bin")]).toEqual([status.RESOURCE_EXHAUSTED, []]);
    expect(edge.ports.taken).toEqual([]);
  });
});

async function codeOf(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );
}
