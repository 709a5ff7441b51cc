/** What a watcher of the benchmark reads of a message: each stock's version and figure, and the cursor. Made by hand, for it is the load. */
import { AvailabilitySchema } from "../../../../src/gen/holdfast/v1/availability_pb.js";
import {
  AvailabilityBatchSchema,
  WatchAvailabilityResponseSchema,
} from "../../../../src/gen/holdfast/v1/availability_service_pb.js";
import { WireReader } from "../../../../src/journal/records/wire.js";

const { batch, reset, cursor } = WatchAvailabilityResponseSchema.field;
const { availability, snapshotComplete } = AvailabilityBatchSchema.field;
const { sku, version, availableToPromise } = AvailabilitySchema.field;

export interface ToldListener {
  /** Stock number `stock`, as `skuName` names it. */
  told(stock: number, version: number, available: number): void;
  reset(): void;
  complete(): void;
}

/** Reads one response, and gives its cursor. */
export function readTold(message: Buffer, listener: ToldListener): string {
  const reader = new WireReader(message);
  let text = "";
  while (reader.next()) {
    if (reader.field === batch.number) {
      const outer = reader.enter();
      readBatch(reader, listener);
      reader.leave(outer);
    } else if (reader.field === cursor.number) text = reader.string();
    else {
      if (reader.field === reset.number) listener.reset();
      reader.skip();
    }
  }
  return text;
}

function readBatch(reader: WireReader, listener: ToldListener): void {
  while (reader.next()) {
    if (reader.field === availability.number) {
      const outer = reader.enter();
      readStock(reader, listener);
      reader.leave(outer);
    } else if (reader.field === snapshotComplete.number && reader.bool()) listener.complete();
    else if (reader.field !== snapshotComplete.number) reader.skip();
  }
}

function readStock(reader: WireReader, listener: ToldListener): void {
  let stock = -1;
  let at = 0;
  let available = 0;
  while (reader.next()) {
    if (reader.field === sku.number) stock = Number(reader.string().slice("SKU-".length));
    else if (reader.field === version.number) at = reader.int();
    else if (reader.field === availableToPromise.number) available = reader.int();
    else reader.skip();
  }
  listener.told(stock, at, available);
}
