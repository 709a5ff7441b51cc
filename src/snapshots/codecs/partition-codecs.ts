/** The smaller items of a warehouse's partition: its dealers, its remembered answers, its dispatch exceptions. */
import type { RequestAnswered } from "../../domain/event.js";
import type { PartitionDealer, StoredException } from "../../domain/partition-state.js";
import { readAnswer, writeAnswer } from "../../journal/records/answer-codec.js";
import { readTakenErpEvent, writeErpEvent } from "../../journal/records/erp-codec.js";
import { WireError } from "../../journal/records/wire.js";
import type { ItemCodec } from "../item-codec.js";

/** holdfast.journal.v1.PartitionDealer */
export const partitionDealerCodec: ItemCodec<PartitionDealer> = {
  write(writer, dealer) {
    writer.string(1, dealer.dealerId);
    writer.int(2, dealer.newestReservation);
    writer.int(3, dealer.openReservations);
  },
  read(reader, number) {
    let dealerId = "";
    let newestReservation = 0;
    let openReservations = 0;
    while (reader.next()) {
      if (reader.field === 1) dealerId = reader.string();
      else if (reader.field === 2) newestReservation = reader.int();
      else if (reader.field === 3) openReservations = reader.int();
      else reader.skip();
    }
    return { number, dealerId, newestReservation, openReservations };
  },
};

/** A remembered answer with its number in the partition. */
export interface NumberedAnswer {
  readonly number: number;
  readonly answer: RequestAnswered;
}

/** holdfast.journal.v1.RequestAnswered */
export const answerItemCodec: ItemCodec<NumberedAnswer> = {
  write: (writer, item) => writeAnswer(writer, item.answer),
  read: (reader, number) => ({ number, answer: readAnswer(reader) }),
};

/** holdfast.journal.v1.DispatchException */
export const exceptionCodec: ItemCodec<StoredException> = {
  write(writer, exception) {
    writer.int(1, exception.stock);
    writeErpEvent(writer, 2, exception.event);
    writer.int(3, exception.quantity);
    writer.string(4, exception.reason);
    writer.int(5, exception.previousOfStock);
    writer.int(6, exception.createdAtMs);
    writer.int(7, exception.attached);
  },
  read(reader, number) {
    let event: StoredException["event"] | undefined;
    let reason = "";
    const numbers = [0, 0, 0, 0, 0, 0, 0, 0];
    while (reader.next()) {
      if (reader.field === 2) event = readTakenErpEvent(reader);
      else if (reader.field === 4) reason = reader.string();
      else if (reader.field <= 7) numbers[reader.field] = reader.int();
      else reader.skip();
    }
    if (event === undefined) throw new WireError("a dispatch exception without its event");
    return {
      number,
      stock: numbers[1]!,
      event,
      quantity: numbers[3]!,
      reason,
      previousOfStock: numbers[5]!,
      createdAtMs: numbers[6]!,
      attached: numbers[7]!,
    };
  },
};
