/**
 * Messages of WatchAvailability. What is the same for many watchers is put to bytes once: a stock's figures for all parts that they
 * are in, a part for all who are told it; each message is that and the watcher's own cursor behind it.
 */
import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { WatchMessage, WatchPart } from "../../actor/service.js";
import type { StockFigures } from "../../domain/availability.js";
import type { DealerPrecision } from "../../domain/dealer-precision.js";
import { AvailabilitySchema } from "../../gen/holdfast/v1/availability_pb.js";
import {
  AvailabilityBatchSchema,
  WatchAvailabilityResponseSchema,
  WatchHeartbeatSchema,
  WatchResetSchema,
} from "../../gen/holdfast/v1/availability_service_pb.js";
import { FreshnessSchema } from "../../gen/holdfast/v1/freshness_pb.js";
import { availabilityMessage, freshnessMessage } from "./messages.js";

const { batch, heartbeat, reset, freshness, cursor } = WatchAvailabilityResponseSchema.field;
const { availability, snapshot, snapshotComplete } = AvailabilityBatchSchema.field;

const CURSOR_TAG = (cursor.number << 3) | WireType.LengthDelimited;

/** The bytes of a response. */
export function watchMessage({ part, precision, cursor: text }: WatchMessage): Buffer {
  const shared = sharedBytes(part, precision);
  const message = Buffer.allocUnsafe(shared.length + 2 + text.length);
  message.set(shared);
  message[shared.length] = CURSOR_TAG;
  // One byte of length: a cursor is shorter than 128 characters.
  message[shared.length + 1] = text.length;
  message.write(text, shared.length + 2, "latin1");
  return message;
}

/** By who is told: dealers of one precision are told the same. */
class BytesByReader<Key extends object> {
  readonly #bytes = new WeakMap<Key, Map<string, Uint8Array>>();

  of(key: Key, precision: DealerPrecision | undefined, make: () => Uint8Array): Uint8Array {
    const reader = precision === undefined ? "" : `${precision.precision} ${precision.cap}`;
    let byReader = this.#bytes.get(key);
    if (byReader === undefined) {
      byReader = new Map();
      this.#bytes.set(key, byReader);
    }
    let bytes = byReader.get(reader);
    if (bytes === undefined) {
      bytes = make();
      byReader.set(reader, bytes);
    }
    return bytes;
  }
}

const partBytes = new BytesByReader<WatchPart>();
const figuresBytes = new BytesByReader<StockFigures>();

function sharedBytes(part: WatchPart, precision: DealerPrecision | undefined): Uint8Array {
  return partBytes.of(part, precision, () => {
    const writer = new BinaryWriter();
    writeEvent(writer, part, precision);
    writer.tag(freshness.number, WireType.LengthDelimited);
    return writer.bytes(toBinary(FreshnessSchema, freshnessMessage(part.freshness))).finish();
  });
}

function writeEvent(writer: BinaryWriter, part: WatchPart, precision: DealerPrecision | undefined): void {
  if (part.kind === "heartbeat") {
    const bytes = toBinary(WatchHeartbeatSchema, { $typeName: "holdfast.v1.WatchHeartbeat" });
    writer.tag(heartbeat.number, WireType.LengthDelimited).bytes(bytes);
    return;
  }
  if (part.kind === "reset") {
    const bytes = toBinary(WatchResetSchema, { $typeName: "holdfast.v1.WatchReset", reason: part.reason });
    writer.tag(reset.number, WireType.LengthDelimited).bytes(bytes);
    return;
  }
  writer.tag(batch.number, WireType.LengthDelimited).fork();
  for (const figures of part.figures) {
    const bytes = figuresBytes.of(figures, precision, () =>
      toBinary(AvailabilitySchema, availabilityMessage(figures, part.warehouseId, precision)),
    );
    writer.tag(availability.number, WireType.LengthDelimited).bytes(bytes);
  }
  if (part.isSnapshot) writer.tag(snapshot.number, WireType.Varint).bool(true);
  if (part.isComplete) writer.tag(snapshotComplete.number, WireType.Varint).bool(true);
  writer.join();
}
