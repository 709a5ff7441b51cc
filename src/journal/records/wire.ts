/**
 * The protobuf wire format, hand-made for the hot path: no bigint, no reflection, one growing buffer.
 * Integers are doubles up to 2^53 - 1; negative ones are written as int64 (ten bytes), as protobuf has it.
 * Fields that hold their default are left out.
 */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;
const TWO_32 = 4294967296;

export class WireWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far: a view, valid until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets everything and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  /** Drops everything after the first `length` bytes. */
  truncate(length: number): void {
    this.#length = length;
  }

  int(field: number, value: number): void {
    if (value === 0) return;
    this.#reserve(16);
    if (value > 0 && value < 128 && field < 16) {
      this.#buffer[this.#length] = field << 3;
      this.#buffer[this.#length + 1] = value;
      this.#length += 2;
      return;
    }
    this.#varint((field << 3) | VARINT);
    this.#signed(value);
  }

  bool(field: number, value: boolean): void {
    if (value) this.int(field, 1);
  }

  /** An integer of a field with presence: written even when it is 0. */
  present(field: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#reserve(16);
    this.#varint((field << 3) | VARINT);
    this.#signed(value);
  }

  string(field: number, value: string): void {
    const units = value.length;
    if (units === 0) return;
    this.#reserve(units * 3 + 10);
    this.#varint((field << 3) | DELIMITED);
    const buffer = this.#buffer;
    if (units < 64) {
      const start = this.#length + 1;
      let index = 0;
      for (; index < units; index++) {
        const unit = value.charCodeAt(index);
        if (unit > 127) break;
        buffer[start + index] = unit;
      }
      if (index === units) {
        buffer[this.#length] = units;
        this.#length = start + units;
        return;
      }
    }
    const bytes = Buffer.byteLength(value);
    this.#varint(bytes);
    this.#length += buffer.write(value, this.#length);
  }

  raw(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.#reserve(value.length + 16);
    this.#varint((field << 3) | DELIMITED);
    this.#varint(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** Bytes as they are, without a field around them. */
  append(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  packed(field: number, values: readonly number[] | undefined): void {
    if (values === undefined || values.length === 0) return;
    const mark = this.begin(field);
    this.#reserve(values.length * 10);
    for (const value of values) this.#signed(value);
    this.end(mark);
  }

  /** Opens a nested message; give the result to `end`. */
  begin(field: number): number {
    this.#reserve(16);
    this.#varint((field << 3) | DELIMITED);
    return this.#length++;
  }

  /** Closes a nested message: its length goes before it, and makes room where it needs more than a byte. */
  end(mark: number): void {
    const length = this.#length - mark - 1;
    if (length < 128) {
      this.#buffer[mark] = length;
      return;
    }
    const extra = length < 16384 ? 1 : length < 2097152 ? 2 : length < 268435456 ? 3 : 4;
    this.#reserve(extra);
    this.#buffer.copyWithin(mark + 1 + extra, mark + 1, this.#length);
    this.#length = mark;
    this.#varint(length);
    this.#length += length;
  }

  #signed(value: number): void {
    if (value >= 0) {
      this.#varint(value);
      return;
    }
    let low = value >>> 0;
    let high = Math.floor(value / TWO_32) >>> 0;
    const buffer = this.#buffer;
    for (let index = 0; index < 9; index++) {
      buffer[this.#length++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[this.#length++] = low & 127;
  }

  #varint(value: number): void {
    const buffer = this.#buffer;
    let rest = value;
    let length = this.#length;
    while (rest >= 2147483648) {
      buffer[length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      buffer[length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[length++] = rest;
    this.#length = length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Thrown for bytes that are no protobuf message: checksums were right, so it is a newer format or a bug. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export class WireReader {
  readonly #buffer: Buffer;
  #position: number;
  #end: number;
  /** Field number and wire type of the field that `next` stopped at. */
  field = 0;
  #type = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = 0;
    this.#end = bytes.length;
  }

  /** Goes to the next field of the message being read; false at its end. */
  next(): boolean {
    if (this.#position >= this.#end) return false;
    const tag = this.#varint();
    this.field = tag >>> 3;
    this.#type = tag & 7;
    if (this.field === 0) throw new WireError(`field 0 at byte ${this.#position}`);
    return true;
  }

  int(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  bool(): boolean {
    return this.int() !== 0;
  }

  string(): string {
    const { start, end } = this.#delimited();
    const buffer = this.#buffer;
    if (end - start < 24) {
      let text = "";
      let index = start;
      for (; index < end; index++) {
        const byte = buffer[index]!;
        if (byte > 127) break;
        text += String.fromCharCode(byte);
      }
      if (index === end) return text;
    }
    return buffer.toString("utf8", start, end);
  }

  /** A copy of the field's bytes. */
  raw(): Uint8Array {
    const { start, end } = this.#delimited();
    return new Uint8Array(this.#buffer.subarray(start, end));
  }

  packed(): number[] {
    const { end } = this.#delimited(false);
    const values: number[] = [];
    while (this.#position < end) values.push(this.#varint());
    if (this.#position > end) throw new WireError(`a packed number runs over the end of its field at byte ${end}`);
    return values;
  }

  /** Enters a nested message; give the result to `leave`. */
  enter(): number {
    const outer = this.#end;
    const { end } = this.#delimited(false);
    this.#end = end;
    return outer;
  }

  leave(outer: number): void {
    this.#position = this.#end;
    this.#end = outer;
  }

  /** Passes over a field that this version does not know. */
  skip(): void {
    if (this.#type === VARINT) this.#varint();
    else if (this.#type === DELIMITED) this.#delimited();
    else if (this.#type === FIXED64) this.#pass(8);
    else if (this.#type === FIXED32) this.#pass(4);
    else throw new WireError(`wire type ${this.#type} at byte ${this.#position}`);
  }

  #pass(bytes: number): void {
    this.#position += bytes;
    if (this.#position > this.#end) throw new WireError(`a field of ${bytes} bytes runs over the end`);
  }

  #delimited(consume = true): { readonly start: number; readonly end: number } {
    this.#expect(DELIMITED);
    const length = this.#varint();
    const start = this.#position;
    const end = start + length;
    if (end > this.#end) throw new WireError(`a field of ${length} bytes runs over the end at byte ${start}`);
    if (consume) this.#position = end;
    return { start, end };
  }

  #expect(type: number): void {
    if (this.#type !== type) throw new WireError(`field ${this.field} has wire type ${this.#type}, not ${type}`);
  }

  #varint(): number {
    const buffer = this.#buffer;
    let position = this.#position;
    let byte = buffer[position++]!;
    if (byte < 128) {
      if (position > this.#end) throw new WireError("a number runs over the end");
      this.#position = position;
      return byte;
    }
    let low = byte & 127;
    let high = 0;
    let shift = 7;
    for (;;) {
      if (position >= this.#end || shift > 63) throw new WireError(`a number runs over the end at byte ${position}`);
      byte = buffer[position++]!;
      if (shift < 28) low |= (byte & 127) << shift;
      else if (shift === 28) {
        low |= (byte & 15) << 28;
        high = (byte & 127) >>> 4;
      } else high |= (byte & 127) << (shift - 32);
      if (byte < 128) break;
      shift += 7;
    }
    this.#position = position;
    const unsignedLow = low >>> 0;
    return (high | 0) < 0 ? (high | 0) * TWO_32 + unsignedLow : (high >>> 0) * TWO_32 + unsignedLow;
  }
}
