/** Loads that want more than there is: the last units are fought for, and each answer is read and counted. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  ReserveOutcome,
  type ReserveResponse,
  ReserveResponseSchema,
  ReserveStreamResponseSchema,
} from "../../../../src/gen/holdfast/v1/reservation_service_pb.js";
import type { Connection } from "../../load/connection.js";
import type { Load } from "../../load/load.js";
import { paths } from "../../load/paths.js";
import { oneSku, ReserveMessage, type ReserveMessageOptions, spreadSkus } from "../../load/reserve-message.js";
import { StreamLoad } from "../../load/stream-load.js";
import { UnaryLoad } from "../../load/unary-load.js";
import { WAREHOUSE_ID } from "../../measure/bench-run.js";
import { HOLD_SECONDS, PLENTIFUL_SKUS } from "./workloads.js";

/** Of each scarce SKU. */
export const SCARCE_UNITS = 1_000;
/** A prime number, so that the lines of an order meet in ever other groups. */
const CROSSED_SKUS = 11;
const CROSSING_LINES = 4;
const UNARY_SKU = PLENTIFUL_SKUS;
const STREAM_SKU = UNARY_SKU + 1;
const crossed = { first: STREAM_SKU + 1, count: CROSSED_SKUS };
export const SCARCE_SKUS = 2 + CROSSED_SKUS;

/** What was granted, as the callers heard it. */
export class GrantCount {
  readonly unitsOfSku = new Map<string, number>();
  rejected = 0;

  count(response: ReserveResponse): void {
    if (response.outcome === ReserveOutcome.REJECTED) this.rejected++;
    for (const { sku, reserved } of response.reservation?.lines ?? []) {
      this.unitsOfSku.set(sku, (this.unitsOfSku.get(sku) ?? 0) + Number(reserved));
    }
  }
}

export interface ScarceLoad {
  readonly load: Load;
  /** Calls enough to ask for half as much again as there is. */
  readonly calls: number;
}

/** One SKU by unary calls, one on streams, and orders of several lines that cross on some. */
export function scarceLoads(connections: readonly Connection[], count: GrantCount): readonly ScarceLoad[] {
  const unary = { skus: oneSku(UNARY_SKU), lines: 1 };
  const crossing = { skus: spreadSkus(crossed), lines: CROSSING_LINES };
  return [
    { load: unaryLoad(connections, unary, count), calls: SCARCE_UNITS * 1.5 },
    { load: streamLoad(connections, { skus: oneSku(STREAM_SKU), lines: 1 }, count), calls: SCARCE_UNITS * 1.5 },
    {
      load: unaryLoad(connections, crossing, count),
      calls: Math.ceil((SCARCE_UNITS * CROSSED_SKUS * 1.5) / CROSSING_LINES),
    },
  ];
}

type Choice = Pick<ReserveMessageOptions, "skus" | "lines">;

function unaryLoad(connections: readonly Connection[], choice: Choice, count: GrantCount): Load {
  const request = new ReserveMessage({ ...fixed, ...choice, streamed: false });
  const onAnswer = (bytes: Buffer, start: number, end: number) => {
    count.count(fromBinary(ReserveResponseSchema, bytes.subarray(start, end)));
  };
  const exchange = { path: paths.reserve, request, onAnswer };
  return new UnaryLoad({ connections, inFlightPerConnection: 32, makeExchange: () => exchange });
}

function streamLoad(connections: readonly Connection[], choice: Choice, count: GrantCount): Load {
  const makeExchange = () => ({
    path: paths.reserveStream,
    message: new ReserveMessage({ ...fixed, ...choice, streamed: true }),
    onAnswer: (bytes: Buffer, start: number, end: number) => {
      const { requestId, result } = fromBinary(ReserveStreamResponseSchema, bytes.subarray(start, end));
      if (result.case !== "response") throw new Error(`${requestId} was answered with an error`);
      count.count(result.value);
    },
  });
  return new StreamLoad({ connections, streamsPerConnection: 2, window: 64, makeExchange });
}

const fixed = { warehouseId: WAREHOUSE_ID, holdDurationSeconds: HOLD_SECONDS };
