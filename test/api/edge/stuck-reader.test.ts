import { constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WatchMessage } from "../../../src/actor/service.js";
import type { StockFigures } from "../../../src/domain/availability.js";
import { refusal } from "../../../src/domain/refusal.js";
import { WatchAvailabilityRequestSchema } from "../../../src/gen/holdfast/v1/availability_service_pb.js";
import { EdgeHarness } from "./edge-harness.js";
import { UnreadStream } from "./unread-stream.js";

const WATCH = "/holdfast.v1.AvailabilityService/WatchAvailability";
const TOO_SLOW = refusal("READER_TOO_SLOW", "nothing was read for a minute");

let edge: EdgeHarness;
beforeEach(async () => {
  edge = await EdgeHarness.start({});
});
afterEach(() => edge.stop());

const FIGURES: StockFigures = {
  sku: "S".repeat(64),
  onHand: 1,
  unavailable: 0,
  reserved: 0,
  committed: 0,
  allocatedElsewhere: 0,
  safetyStock: 0,
  degradedBuffer: 0,
  availableToPromise: 1,
  shortfall: 0,
  level: "IN_STOCK",
  version: 1,
  updatedAtMs: 1,
};

/** A watch that has as many messages as anybody reads, or only so many. */
function script(messagesMax: number): { asked: number } {
  const watch = { asked: 0 };
  const message: WatchMessage = {
    part: {
      kind: "figures",
      warehouseId: "W1",
      figures: Array.from({ length: 50 }, () => FIGURES),
      isSnapshot: false,
      isComplete: false,
      freshness: { state: "LIVE", asOfMs: 1, ageMs: 0 },
    },
    precision: undefined,
    cursor: "c",
  };
  edge.ports.availabilityWatch = {
    next() {
      if (watch.asked === messagesMax) return undefined;
      watch.asked += 1;
      return message;
    },
    close() {},
  };
  return watch;
}

function open(): UnreadStream {
  const reader = new UnreadStream(edge.address, WATCH);
  reader.send(toBinary(WatchAvailabilityRequestSchema, create(WatchAvailabilityRequestSchema, { warehouseId: "W1" })));
  reader.halfClose();
  return reader;
}

test("a reader that keeps its window full is reset, since its status cannot reach it", async () => {
  const watch = script(Number.POSITIVE_INFINITY);
  const reader = open();
  await edge.until(() => watch.asked > 0);
  await edge.untilAtRest(() => watch.asked);
  edge.ports.watchListeners[0]!.ended(TOO_SLOW);
  expect(await reader.reset).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  reader.close();
});

test("one that has room for its status gets that, and all that was sent before", async () => {
  const watch = script(3);
  const reader = open();
  await edge.until(() => watch.asked === 3);
  edge.ports.watchListeners[0]!.ended(TOO_SLOW);
  expect(await reader.readAll()).toHaveLength(3);
  expect(await reader.reset).toBe(constants.NGHTTP2_NO_ERROR);
  reader.close();
});
