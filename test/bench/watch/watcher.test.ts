import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type WatchCounts, Watcher } from "../../../scripts/bench/watch/watchers/watcher.js";
import { WatchAvailabilityResponseSchema } from "../../../src/gen/holdfast/v1/availability_service_pb.js";

function watcher() {
  const counts: WatchCounts = { deliveries: 0, bytes: 0, samples: [] };
  const made = new Watcher({ dealerId: "D1", at: 3, stocks: 5, isBlind: false, counts, isSampled: true });
  const tell = (version: bigint, available: bigint, snapshotComplete: boolean, sku = "SKU-0000002") => {
    const stock = { warehouseId: "W1", sku, onHand: 10n, availableToPromise: available, version };
    const batch = { availability: [stock], snapshot: snapshotComplete, snapshotComplete };
    const told = { event: { case: "batch" as const, value: batch }, cursor: `c${version}` };
    const bytes = Buffer.from(toBinary(WatchAvailabilityResponseSchema, create(WatchAvailabilityResponseSchema, told)));
    made.onMessage(bytes, 0, bytes.length);
  };
  return { made, counts, tell };
}

test("a watcher of the benchmark keeps the newest figures, the cursor, and when it was told", () => {
  const { made, counts, tell } = watcher();
  tell(7n, 100n, true);
  expect([made.isComplete, made.cursor]).toEqual([true, "c7"]);
  tell(300n, -5n, false);
  expect([made.figures.versions[2], made.figures.available[2], made.cursor]).toEqual([300, -5, "c300"]);
  expect(counts.deliveries).toBe(2);
  expect(counts.samples).toEqual([3, 2, 7, expect.any(Number), 3, 2, 300, expect.any(Number)]);
});

test("a version that goes back, a stock that is not there, or an end that nobody asked for ends the run", () => {
  const { made, tell } = watcher();
  tell(7n, 1n, true);
  expect(() => tell(6n, 1n, false)).toThrow("was told version 6 of stock 2 after 7");
  expect(() => tell(1n, 1n, false, "SKU-0000009")).toThrow("stock 9, which is not there");
  expect(() => made.onEnd("14", "gone")).toThrow("ended with gRPC status 14: gone");
});
