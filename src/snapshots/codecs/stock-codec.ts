import type { ErpEvent } from "../../domain/erp-event.js";
import { INHERIT, newStock, type Stock } from "../../domain/stock.js";
import { readTakenErpEvent, writeErpEvent } from "../../journal/records/erp-codec.js";
import type { ItemCodec } from "../item-codec.js";

/** holdfast.journal.v1.Stock */
export const stockCodec: ItemCodec<Stock> = {
  write(writer, stock) {
    writer.string(1, stock.sku);
    writer.bool(2, stock.opened);
    writer.string(3, stock.source);
    writer.int(4, stock.onHand);
    writer.int(5, stock.unavailable);
    writer.int(6, stock.reserved);
    writer.int(7, stock.committed);
    writer.int(8, stock.allocatedElsewhere);
    writer.int(9, stock.safetyStock === INHERIT ? 0 : stock.safetyStock + 1);
    writer.int(10, stock.lowAt === INHERIT ? 0 : stock.lowAt + 1);
    writer.int(11, stock.version);
    writer.int(12, stock.updatedAtMs);
    for (const event of stock.lastEvents) writeErpEvent(writer, 13, event);
    writer.int(14, stock.newestException);
    writer.int(15, stock.sourceFrom);
    writer.int(16, stock.newestMovement);
    writer.bool(17, stock.isQuarantined);
    writer.int(18, stock.accuracy);
    writer.int(19, stock.waitingDiscrepancy);
  },
  read(reader, number) {
    let sku = "";
    const numbers = new Array<number>(20).fill(0);
    let opened = false;
    let source = "";
    const lastEvents: ErpEvent[] = [];
    while (reader.next()) {
      if (reader.field === 1) sku = reader.string();
      else if (reader.field === 2) opened = reader.bool();
      else if (reader.field === 3) source = reader.string();
      else if (reader.field === 13) lastEvents.push(readTakenErpEvent(reader));
      else if (reader.field <= 19) numbers[reader.field] = reader.int();
      else reader.skip();
    }
    return {
      ...newStock(number, sku),
      opened,
      source,
      onHand: numbers[4]!,
      unavailable: numbers[5]!,
      reserved: numbers[6]!,
      committed: numbers[7]!,
      allocatedElsewhere: numbers[8]!,
      safetyStock: numbers[9] === 0 ? INHERIT : numbers[9]! - 1,
      lowAt: numbers[10] === 0 ? INHERIT : numbers[10]! - 1,
      version: numbers[11]!,
      updatedAtMs: numbers[12]!,
      lastEvents,
      newestException: numbers[14]!,
      sourceFrom: numbers[15]!,
      newestMovement: numbers[16]!,
      isQuarantined: numbers[17] === 1,
      accuracy: numbers[18]!,
      waitingDiscrepancy: numbers[19]!,
    };
  },
};
