import type { Reservation, ReservationLine } from "../../domain/reservation.js";
import { codeOf, nameOf, RESERVATION_STATES } from "../../journal/records/codes.js";
import type { WireReader } from "../../journal/records/wire.js";
import type { ItemCodec } from "../item-codec.js";

/** holdfast.journal.v1.Reservation; what the partition knows of all its reservations is not stored with each. */
export function reservationCodec(partition: {
  readonly warehouseId: string;
  reservationId(number: number, epoch: number): string;
}): ItemCodec<Reservation> {
  return {
    write(writer, reservation) {
      writer.int(1, reservation.epoch);
      writer.string(2, reservation.dealerId);
      writer.string(3, reservation.orderId);
      writer.int(4, codeOf(RESERVATION_STATES, reservation.state));
      for (const line of reservation.lines) {
        const mark = writer.begin(5);
        writer.int(1, line.stock);
        writer.string(2, line.sku);
        writer.int(3, line.requested);
        writer.int(4, line.open);
        writer.int(5, line.dispatched);
        writer.int(6, line.released);
        writer.bool(7, line.atRisk);
        writer.end(mark);
      }
      writer.int(6, reservation.createdAtMs);
      writer.int(7, reservation.updatedAtMs);
      writer.int(8, reservation.expiresAtMs);
      writer.bool(9, reservation.provisional);
      writer.bool(10, reservation.atRisk);
      writer.int(11, reservation.revision);
      writer.string(12, reservation.reopenedFrom);
      writer.int(13, reservation.commitOrder);
      writer.int(14, reservation.dealer);
      writer.int(15, reservation.previousOfDealer);
      writer.int(16, reservation.atRiskSinceMs);
      writer.bool(17, reservation.isKept);
      writer.int(18, reservation.committedAtMs);
    },
    read(reader, number) {
      const texts = ["", "", "", "", "", "", "", "", "", "", "", "", ""];
      const numbers = new Array<number>(19).fill(0);
      const lines: ReservationLine[] = [];
      while (reader.next()) {
        const field = reader.field;
        if (field === 5) lines.push(readLine(reader));
        else if (field === 2 || field === 3 || field === 12) texts[field] = reader.string();
        else if (field <= 18) numbers[field] = reader.int();
        else reader.skip();
      }
      return {
        id: partition.reservationId(number, numbers[1]!),
        number,
        dealerId: texts[2]!,
        orderId: texts[3]!,
        warehouseId: partition.warehouseId,
        lines,
        state: nameOf(RESERVATION_STATES, numbers[4]!),
        createdAtMs: numbers[6]!,
        updatedAtMs: numbers[7]!,
        expiresAtMs: numbers[8]!,
        provisional: numbers[9] === 1,
        atRisk: numbers[10] === 1,
        revision: numbers[11]!,
        reopenedFrom: texts[12]!,
        epoch: numbers[1]!,
        commitOrder: numbers[13]!,
        dealer: numbers[14]!,
        previousOfDealer: numbers[15]!,
        atRiskSinceMs: numbers[16]!,
        isKept: numbers[17] === 1,
        committedAtMs: numbers[18]!,
      };
    },
  };
}

function readLine(reader: WireReader): ReservationLine {
  const outer = reader.enter();
  let sku = "";
  let stock = 0;
  let requested = 0;
  let open = 0;
  let dispatched = 0;
  let released = 0;
  let atRisk = false;
  while (reader.next()) {
    if (reader.field === 1) stock = reader.int();
    else if (reader.field === 2) sku = reader.string();
    else if (reader.field === 3) requested = reader.int();
    else if (reader.field === 4) open = reader.int();
    else if (reader.field === 5) dispatched = reader.int();
    else if (reader.field === 6) released = reader.int();
    else if (reader.field === 7) atRisk = reader.bool();
    else reader.skip();
  }
  reader.leave(outer);
  return { sku, stock, requested, open, dispatched, released, atRisk };
}
