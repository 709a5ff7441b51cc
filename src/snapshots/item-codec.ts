import type { WireReader, WireWriter } from "../journal/records/wire.js";

/** How the items of one table stand in their pages: the fields of a protobuf message, whose number in the table is known. */
export interface ItemCodec<T> {
  write(writer: WireWriter, item: T): void;
  read(reader: WireReader, number: number): T;
}
