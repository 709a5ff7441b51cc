/**
 * What names an event whose message cannot be decoded, a text that is no UTF-8 for example: with a readable source and sequence it is
 * one bad event and not the end of its stream (docs/api.md, ErpService).
 */
import { create, type DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ErpEventSchema } from "../../gen/holdfast/v1/erp_event_pb.js";
import { type StreamEventsRequest, StreamEventsRequestSchema } from "../../gen/holdfast/v1/erp_service_pb.js";

/** A request with the event's source, sequence and id and without a body; undefined where the first two cannot be read. */
export function rescueEvent(bytes: Uint8Array): StreamEventsRequest | undefined {
  const request = topFields(bytes, StreamEventsRequestSchema, ["event"]);
  if (request.get("event") === undefined) return undefined;
  const fields = topFields(request.get("event")!.bytes(), ErpEventSchema, ["source", "sequence", "event_id"]);
  const source = readable(() => fields.get("source")?.string(true));
  const sequence = readable(() => fields.get("sequence")?.int64());
  if (source === undefined || sequence === undefined) return undefined;
  const eventId = readable(() => fields.get("event_id")?.string(true)) ?? "";
  const event = create(ErpEventSchema, { source, sequence: BigInt(sequence), eventId });
  return create(StreamEventsRequestSchema, { event });
}

/** A reader at the value of each of the named fields, the last one where it stands twice; what comes after a broken field is not seen. */
function topFields(bytes: Uint8Array, schema: DescMessage, names: readonly string[]): Map<string, BinaryReader> {
  const wanted = schema.fields.filter((field) => names.includes(field.name));
  const found = new Map<string, BinaryReader>();
  const reader = new BinaryReader(bytes);
  readable(() => {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const value = bytes.subarray(reader.pos);
      reader.skip(wireType, number);
      const field = wanted.find((candidate) => candidate.number === number);
      const expected = field?.name === "sequence" ? WireType.Varint : WireType.LengthDelimited;
      if (field !== undefined && wireType === expected) found.set(field.name, new BinaryReader(value));
    }
  });
  return found;
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
