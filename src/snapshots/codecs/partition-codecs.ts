/** The smaller items of a warehouse's partition: its dealers, its remembered answers, its dispatch exceptions, the movements of its stocks. */
import { ACCURACY_WINDOWS, type AccuracyItem, type EndedUnits } from "../../domain/accuracy.js";
import type { RequestAnswered } from "../../domain/event.js";
import type { ConsumedUnits, Movement } from "../../domain/movement.js";
import type { PartitionDealer, StoredException } from "../../domain/partition-state.js";
import { readAnswer, writeAnswer } from "../../journal/records/answer-codec.js";
import { codeOf, MOVEMENT_KINDS, nameOf } from "../../journal/records/codes.js";
import { readConsumed, writeConsumed } from "../../journal/records/consumed-codec.js";
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
    writeConsumed(writer, 8, exception.attachments);
  },
  read(reader, number) {
    let event: StoredException["event"] | undefined;
    let reason = "";
    let attachments: readonly ConsumedUnits[] = [];
    const numbers = [0, 0, 0, 0, 0, 0, 0, 0];
    while (reader.next()) {
      if (reader.field === 2) event = readTakenErpEvent(reader);
      else if (reader.field === 4) reason = reader.string();
      else if (reader.field === 8) attachments = readConsumed(reader);
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
      attachments,
    };
  },
};

/** holdfast.journal.v1.Movement */
export const movementCodec: ItemCodec<Movement> = {
  write(writer, movement) {
    writer.int(1, movement.stock);
    writer.int(2, codeOf(MOVEMENT_KINDS, movement.kind));
    writer.string(3, movement.source);
    writer.int(4, movement.sequence);
    writer.string(5, movement.eventId);
    writer.int(6, movement.timeMs);
    writer.int(7, movement.onHandDelta);
    writer.int(8, movement.unavailableDelta);
    writer.int(9, movement.allocatedDelta);
    writeConsumed(writer, 10, movement.consumed);
    writer.int(11, movement.exception);
    writer.bool(12, movement.isLate);
    writer.int(13, movement.reverses);
    writer.int(14, movement.previous);
  },
  read(reader, number) {
    const numbers = new Array<number>(15).fill(0);
    let source = "";
    let eventId = "";
    let consumed: readonly ConsumedUnits[] = [];
    while (reader.next()) {
      if (reader.field === 3) source = reader.string();
      else if (reader.field === 5) eventId = reader.string();
      else if (reader.field === 10) consumed = readConsumed(reader);
      else if (reader.field <= 14) numbers[reader.field] = reader.int();
      else reader.skip();
    }
    return {
      number,
      stock: numbers[1]!,
      kind: nameOf(MOVEMENT_KINDS, numbers[2]!),
      source,
      sequence: numbers[4]!,
      eventId,
      timeMs: numbers[6]!,
      onHandDelta: numbers[7]!,
      unavailableDelta: numbers[8]!,
      allocatedDelta: numbers[9]!,
      consumed,
      exception: numbers[11]!,
      isLate: numbers[12] === 1,
      reverses: numbers[13]!,
      previous: numbers[14]!,
    };
  },
};

/** holdfast.journal.v1.Accuracy */
export const accuracyCodec: ItemCodec<AccuracyItem> = {
  write(writer, item) {
    writer.int(1, item.stock);
    item.spans.forEach((spans, index) => {
      writer.packed(
        2 + index,
        spans.flatMap(({ startMs, fulfilled, failed }) => [startMs, fulfilled, failed]),
      );
    });
  },
  read(reader, number) {
    let stock = 0;
    const spans: (readonly EndedUnits[])[] = ACCURACY_WINDOWS.map(() => []);
    while (reader.next()) {
      if (reader.field === 1) stock = reader.int();
      else if (reader.field >= 2 && reader.field < 2 + spans.length) {
        const field = reader.field;
        spans[field - 2] = readSpans(reader.packed());
      } else reader.skip();
    }
    return { number, stock, spans };
  },
};

function readSpans(numbers: readonly number[]): readonly EndedUnits[] {
  const spans: EndedUnits[] = [];
  for (let at = 0; at + 2 < numbers.length; at += 3) {
    spans.push({ startMs: numbers[at]!, fulfilled: numbers[at + 1]!, failed: numbers[at + 2]! });
  }
  return spans;
}
