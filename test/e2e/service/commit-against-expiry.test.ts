/** Commits that come around their hold's deadline, on the real clock: each hold has one end, and both sides tell the same one (I3). */
import { setTimeout as wait } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Reservation, ReservationState } from "../../../src/gen/holdfast/v1/reservation_pb.js";
import { refusal, refusalOf } from "../../api/refusal-of.js";
import { ServiceHarness } from "../../api/service-harness.js";

const HOLDS = 300;
const HOLD_MS = 2_000;
/** Commits are sent from so long before the deadline until so long after it: wide, as the machine may be busy. */
const BEFORE_MS = 300;
const AFTER_MS = 50;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
  await service.receive("A", HOLDS);
});

afterAll(() => service.stop());

/** Holds one unit and commits it about when it expires; what became of it. */
async function race(index: number): Promise<{ readonly deadlineMs: number; readonly after: Reservation }> {
  const holdDuration = { seconds: BigInt(HOLD_MS / 1_000) };
  const { reservation } = await service.reserve({ lines: [{ sku: "A", quantity: 1n }], holdDuration });
  const { reservationId, expireTime, createTime } = reservation!;
  expect(timestampMs(expireTime!) - timestampMs(createTime!)).toBe(HOLD_MS);
  const deadlineMs = timestampMs(expireTime!);
  const sendAtMs = deadlineMs - BEFORE_MS + ((BEFORE_MS + AFTER_MS) * index) / HOLDS;
  await wait(Math.max(0, sendAtMs - Date.now()));
  const commit = service.commit(reservationId);
  const answer = await commit.catch(() => undefined);
  const after = await service.get(reservationId);
  if (answer !== undefined) expect(after).toEqual(answer.reservation);
  else {
    expect(await refusalOf(commit)).toEqual(refusal("FAILED_PRECONDITION", "RESERVATION_EXPIRED"));
    expect(after.state).toBe(ReservationState.EXPIRED);
  }
  return { deadlineMs, after };
}

test("each hold is committed before its deadline or expired at or after it, never both", async () => {
  const ends = await Promise.all(Array.from({ length: HOLDS }, (_, index) => race(index)));
  let committed = 0n;
  for (const { deadlineMs, after } of ends) {
    expect(after.revision).toBe(2n);
    if (after.state === ReservationState.COMMITTED) {
      committed += 1n;
      expect(timestampMs(after.updateTime!)).toBeLessThan(deadlineMs);
      expect(after.lines).toMatchObject([{ committed: 1n, reserved: 0n, released: 0n }]);
    } else {
      expect(timestampMs(after.updateTime!)).toBeGreaterThanOrEqual(deadlineMs);
      expect(after.lines).toMatchObject([{ committed: 0n, reserved: 0n, released: 1n }]);
    }
  }
  // Both sides won at times, or nothing was raced.
  expect(committed).toBeGreaterThan(0n);
  expect(committed).toBeLessThan(BigInt(HOLDS));
  expect(await service.figures("A")).toMatchObject({
    reserved: 0n,
    committed,
    availableToPromise: BigInt(HOLDS) - committed,
    version: BigInt(1 + HOLDS * 2),
  });
});
