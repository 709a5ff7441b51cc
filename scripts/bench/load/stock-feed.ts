/** Stocks a server before it is measured: goods received, told through ErpService.StreamEvents as a connector would. */
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { ErpEventSchema } from "../../../src/gen/holdfast/v1/erp_event_pb.js";
import {
  Disposition,
  StreamEventsRequestSchema,
  StreamEventsResponseSchema,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { Connection, type OutgoingMessage } from "./connection.js";
import { paths } from "./paths.js";
import { skuName } from "./reserve-message.js";
import { type StreamExchange, StreamLoad } from "./stream-load.js";

/** Enough units for any load of this benchmark, and no more than an event may bring (erp.quantityMax). */
export const UNITS_OF_EACH_STOCK = 100_000_000n;
const WINDOW = 512;

export interface StockRange {
  readonly warehouseId: string;
  /** SKUs first .. first + count - 1, as `skuName` names them. */
  readonly first: number;
  readonly count: number;
  /** Of each SKU; unset: more than any load takes. */
  readonly units?: bigint;
}

/** Sends one StockReceived for each stock, under a new source, whose name it gives; throws if one is not applied. */
export async function receiveStock(port: number, range: StockRange): Promise<string> {
  const connection = await Connection.open(port);
  const events = new StockReceivedMessages(range);
  const exchange: StreamExchange = { path: paths.streamEvents, message: events, onAnswer: expectApplied };
  const load = new StreamLoad({
    connections: [connection],
    streamsPerConnection: 1,
    window: WINDOW,
    makeExchange: () => exchange,
  });
  load.start(range.count);
  await load.finished();
  connection.close();
  return events.source;
}

/** Each source numbers its own events, so each feed is a source of its own. */
let sourcesUsed = 0;

/** The events of a range, one after the other. */
class StockReceivedMessages implements OutgoingMessage {
  readonly source = `bench-${++sourcesUsed}`;
  readonly #range: StockRange;
  #sequence = 0;
  #encoded: Uint8Array;

  constructor(range: StockRange) {
    this.#range = range;
    this.#encoded = this.#encodeNext();
  }

  get byteLength(): number {
    return this.#encoded.length;
  }

  writeTo(target: Buffer, offset: number): void {
    target.set(this.#encoded, offset);
    this.#encoded = this.#encodeNext();
  }

  #encodeNext(): Uint8Array {
    const { warehouseId, first, units = UNITS_OF_EACH_STOCK } = this.#range;
    const sku = skuName(first + this.#sequence);
    this.#sequence++;
    const event = create(ErpEventSchema, {
      source: this.source,
      sequence: BigInt(this.#sequence),
      eventId: `${this.source}-${this.#sequence}`,
      occurTime: timestampNow(),
      body: { case: "stockReceived", value: { warehouseId, sku, quantity: units, reference: "bench" } },
    });
    return toBinary(StreamEventsRequestSchema, create(StreamEventsRequestSchema, { event }));
  }
}

function expectApplied(bytes: Buffer, start: number, end: number): void {
  const response = fromBinary(StreamEventsResponseSchema, bytes.subarray(start, end));
  if (response.disposition === Disposition.APPLIED) return;
  throw new Error(`stock was not received: ${toJsonString(StreamEventsResponseSchema, response)}`);
}
