import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { oneSku, ReserveMessage, skuName, spreadSkus } from "../../../scripts/bench/load/reserve-message.js";
import {
  type ReserveRequest,
  ReserveRequestSchema,
  ReserveStreamRequestSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";

const warehouseId = "W1";

function bytesOf(message: ReserveMessage): Buffer {
  const bytes = Buffer.alloc(message.byteLength);
  message.writeTo(bytes, 0);
  return bytes;
}

function nextRequest(message: ReserveMessage): ReserveRequest {
  return fromBinary(ReserveRequestSchema, bytesOf(message));
}

test("each request is a whole one, with a request_id and an order_id that none before had", () => {
  const message = new ReserveMessage({ warehouseId, skus: oneSku(3), lines: 1, streamed: false });
  const requests = Array.from({ length: 1_200 }, () => nextRequest(message));
  expect(new Set(requests.map((request) => request.requestId)).size).toBe(1_200);
  expect(new Set(requests.map((request) => request.orderId)).size).toBe(1_200);
  expect(requests[0]).toMatchObject({
    requestId: `${message.requestIdPrefix}0000000001`,
    dealerId: "dealer-001",
    orderId: "order-0000000001",
    warehouseId,
    lines: [{ sku: skuName(3), quantity: 1n }],
    commit: false,
  });
});

test("two generators never send the same request_id", () => {
  const options = { warehouseId, skus: oneSku(0), lines: 1, streamed: false };
  const ids = [new ReserveMessage(options), new ReserveMessage(options)].map(
    (message) => nextRequest(message).requestId,
  );
  expect(new Set(ids).size).toBe(2);
});

test("the load is shared by 350 dealers", () => {
  const message = new ReserveMessage({ warehouseId, skus: oneSku(0), lines: 1, streamed: false });
  const dealers = new Set(Array.from({ length: 1_000 }, () => nextRequest(message).dealerId));
  expect(dealers.size).toBe(350);
});

test("the lines of a request name different SKUs, all within the choice", () => {
  const skus = spreadSkus({ first: 100, count: 1_500 });
  const message = new ReserveMessage({ warehouseId, skus, lines: 50, streamed: false });
  const allowed = new Set(Array.from({ length: 1_500 }, (_, index) => skuName(100 + index)));
  for (let request = 0; request < 200; request++) {
    const named = nextRequest(message).lines.map((line) => line.sku);
    expect(new Set(named).size).toBe(50);
    expect(named.filter((sku) => !allowed.has(sku))).toEqual([]);
  }
});

test("a spread choice reaches each SKU, and none much more often than another", () => {
  const skus = spreadSkus({ first: 10, count: 100 });
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 100_000; draw++) {
    const sku = skus.next();
    counts.set(sku, (counts.get(sku) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => 10 + index));
  expect(Math.min(...counts.values())).toBeGreaterThan(800);
  expect(Math.max(...counts.values())).toBeLessThan(1_200);
});

test("a streamed request is the same one inside a message of the stream", () => {
  const message = new ReserveMessage({
    warehouseId,
    skus: oneSku(5),
    lines: 1,
    holdDurationSeconds: 3_600,
    streamed: true,
  });
  const { reserve } = fromBinary(ReserveStreamRequestSchema, bytesOf(message));
  expect(reserve).toMatchObject({
    requestId: `${message.requestIdPrefix}0000000001`,
    lines: [{ sku: skuName(5), quantity: 1n }],
    holdDuration: { seconds: 3_600n, nanos: 0 },
  });
});

test("more lines than SKUs are refused", () => {
  const options = { warehouseId, skus: spreadSkus({ first: 0, count: 10 }), lines: 11, streamed: false };
  expect(() => new ReserveMessage(options)).toThrow("more lines than SKUs");
});
