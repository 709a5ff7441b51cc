/**
 * Writes the header blocks of one direction of an HTTP/2 connection, as a usual client does: a field goes out in full
 * once, and from then on as its index.
 */
import { type HeaderField, HeaderTable } from "./header-table.js";

export class HeaderEncoder {
  readonly #table = new HeaderTable();

  /** The block of these fields. Blocks must be sent in the order in which they were made. */
  encode(fields: readonly HeaderField[]): Buffer {
    return Buffer.concat(fields.map((field) => this.#encodeField(field)));
  }

  #encodeField(field: HeaderField): Buffer {
    const index = this.#table.indexOf(field);
    if (index > 0) return encodeInteger(index, 7, 0x80);
    this.#table.add(field);
    return Buffer.concat([Buffer.of(0x40), encodeString(field.name), encodeString(field.value)]);
  }
}

function encodeString(text: string): Buffer {
  return Buffer.concat([encodeInteger(text.length, 7, 0), Buffer.from(text, "latin1")]);
}

function encodeInteger(value: number, prefixBits: number, pattern: number): Buffer {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Buffer.of(pattern | value);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
