/** Events that a source has sent before, sent over and over: what a connector does that has lost its place. */
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { ErpEventSchema } from "../../../src/gen/holdfast/v1/erp_event_pb.js";
import {
  Disposition,
  StreamEventsRequestSchema,
  StreamEventsResponseSchema,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import type { OutgoingMessage } from "./connection.js";
import { paths } from "./paths.js";
import { skuName } from "./reserve-message.js";
import type { StreamExchange } from "./stream-load.js";

/** Events of each source: the first time round they are applied, which the warm-up sees to, and never again. */
const EVENTS = 1_000;

/** Exchanges of StreamEvents, each a source of its own that begins again at its first event after its last. */
export function eventReplayExchanges(warehouseId: string): () => StreamExchange {
  let sources = 0;
  return () => {
    sources += 1;
    const source = `replay-${process.hrtime.bigint()}-${sources}`;
    return { path: paths.streamEvents, message: new ReplayedEvents(source, warehouseId), onAnswer: expectTaken };
  };
}

class ReplayedEvents implements OutgoingMessage {
  readonly #encoded: readonly Uint8Array[];
  #next = 0;

  constructor(source: string, warehouseId: string) {
    this.#encoded = Array.from({ length: EVENTS }, (_, index) => {
      // A stock of the source's own: another source's would be rejected.
      const body = {
        case: "stockReceived",
        value: { warehouseId, sku: `${source}-${skuName(index)}`, quantity: 1n, reference: "bench" },
      } as const;
      const event = create(ErpEventSchema, {
        source,
        sequence: BigInt(index + 1),
        eventId: `${source}-${index + 1}`,
        body,
      });
      return toBinary(StreamEventsRequestSchema, create(StreamEventsRequestSchema, { event }));
    });
  }

  get byteLength(): number {
    return this.#encoded[this.#next]!.length;
  }

  writeTo(target: Buffer, offset: number): void {
    target.set(this.#encoded[this.#next]!, offset);
    this.#next = (this.#next + 1) % EVENTS;
  }
}

/** Reading every answer would cost more than the answer: a rejection is longer than any that is good. */
const LONGEST_GOOD_BYTES = 80;

function expectTaken(bytes: Buffer, start: number, end: number): void {
  if (end - start <= LONGEST_GOOD_BYTES) return;
  const response = fromBinary(StreamEventsResponseSchema, bytes.subarray(start, end));
  const { disposition } = response;
  if (disposition === Disposition.APPLIED || disposition === Disposition.DUPLICATE) return;
  throw new Error(`an event was not taken: ${toJsonString(StreamEventsResponseSchema, response)}`);
}
