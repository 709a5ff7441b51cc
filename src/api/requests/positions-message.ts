/**
 * A message of ReportPositions, decoded a part at a time: ten thousand positions at once would hold up every other caller for
 * milliseconds, and live as long as they take to be compared.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type ReportPositionsRequest, ReportPositionsRequestSchema } from "../../gen/holdfast/v1/erp_service_pb.js";
import { type Position, PositionSchema } from "../../gen/holdfast/v1/position_pb.js";
import { EDGE_LIMITS } from "../../limits.js";

const POSITIONS = ReportPositionsRequestSchema.field.positions.number;

export class PositionsMessage {
  /** The message without its positions. */
  readonly head: ReportPositionsRequest;
  /** How many positions there are; those beyond one more than is allowed are not counted. */
  readonly count: number;
  readonly #bytes: Uint8Array;
  /** Where each position begins and ends. */
  readonly #places: readonly number[];

  /** Throws where the bytes are no such message. */
  constructor(bytes: Uint8Array) {
    const places: number[] = [];
    const rest: Uint8Array[] = [];
    let restFrom = 0;
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [number, wireType] = reader.tag();
      if (number !== POSITIONS || wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number);
        continue;
      }
      const length = reader.uint32();
      if (places.length < 2 * (EDGE_LIMITS.elementsMax + 1)) places.push(reader.pos, reader.pos + length);
      if (restFrom < start) rest.push(bytes.subarray(restFrom, start));
      reader.pos += length;
      restFrom = reader.pos;
    }
    if (reader.pos > reader.len) throw new RangeError("a field runs over the end of its message");
    rest.push(bytes.subarray(restFrom));
    this.#bytes = bytes;
    this.#places = places;
    this.count = places.length / 2;
    this.head = fromBinary(ReportPositionsRequestSchema, Buffer.concat(rest), { readUnknownFields: false });
  }

  /** Throws where its bytes are no position. */
  position(index: number): Position {
    const bytes = this.#bytes.subarray(this.#places[2 * index]!, this.#places[2 * index + 1]!);
    return fromBinary(PositionSchema, bytes, { readUnknownFields: false });
  }
}
