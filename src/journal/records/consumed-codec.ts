import type { ConsumedUnits } from "../../domain/movement.js";
import type { WireReader, WireWriter } from "./wire.js";

/** Reservation, line and quantity of each, one after the other. */
export function writeConsumed(writer: WireWriter, field: number, consumed: readonly ConsumedUnits[]): void {
  if (consumed.length === 0) return;
  writer.packed(
    field,
    consumed.flatMap(({ reservation, line, quantity }) => [reservation, line, quantity]),
  );
}

export function readConsumed(reader: WireReader): readonly ConsumedUnits[] {
  const numbers = reader.packed();
  const consumed: ConsumedUnits[] = [];
  for (let at = 0; at + 2 < numbers.length; at += 3) {
    consumed.push({ reservation: numbers[at]!, line: numbers[at + 1]!, quantity: numbers[at + 2]! });
  }
  return consumed;
}
