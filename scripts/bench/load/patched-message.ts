/**
 * A message that is encoded once and sent many times, each time with other digits in some places. Encoding each request
 * anew would cost the load generator more than sending it does.
 */
import type { OutgoingMessage } from "./connection.js";

const DIGIT_ZERO = 0x30;

/** Where a number stands in the message, as decimal digits with leading zeros. */
export interface DigitField {
  readonly offset: number;
  readonly digits: number;
}

export class PatchedMessage implements OutgoingMessage {
  readonly #bytes: Buffer;

  constructor(encoded: Uint8Array) {
    this.#bytes = Buffer.from(encoded);
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /** The trailing digits of `text`, which must occur in the message exactly once. */
  locate(text: string): DigitField {
    const at = this.#bytes.indexOf(text, 0, "latin1");
    if (at < 0) throw new Error(`${text} does not occur in the message`);
    if (this.#bytes.indexOf(text, at + 1, "latin1") >= 0) throw new Error(`${text} occurs twice in the message`);
    const digits = /\d*$/.exec(text)![0].length;
    if (digits === 0) throw new Error(`${text} does not end in digits`);
    return { offset: at + text.length - digits, digits };
  }

  patch(field: DigitField, value: number): void {
    let rest = value;
    for (let at = field.offset + field.digits - 1; at >= field.offset; at--) {
      const quotient = Math.trunc(rest / 10);
      this.#bytes[at] = DIGIT_ZERO + (rest - quotient * 10);
      rest = quotient;
    }
    if (rest !== 0) throw new Error(`${value} has more than ${field.digits} digits`);
  }

  writeTo(target: Buffer, offset: number): void {
    target.set(this.#bytes, offset);
  }
}
