/** Cuts the DATA of one gRPC stream into messages: a flag byte, a length of four bytes, then the message. */

const PREFIX_BYTES = 5;
const NO_BYTES = Buffer.alloc(0);

/** Takes one message, bytes[start..end), which are overwritten after the return. */
export type MessageListener = (bytes: Buffer, start: number, end: number) => void;

export class MessageReader {
  readonly #onMessage: MessageListener;
  #partial = NO_BYTES;

  constructor(onMessage: MessageListener) {
    this.#onMessage = onMessage;
  }

  read(data: Buffer, start: number, end: number): void {
    if (this.#partial.length > 0) {
      const joined = Buffer.concat([this.#partial, data.subarray(start, end)]);
      this.#partial = NO_BYTES;
      this.#cut(joined, 0, joined.length);
    } else {
      this.#cut(data, start, end);
    }
  }

  /** True when no message is half read. */
  get isBetweenMessages(): boolean {
    return this.#partial.length === 0;
  }

  #cut(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (end - at >= PREFIX_BYTES) {
      if (bytes[at] !== 0) throw new Error("an answer is compressed");
      const messageEnd = at + PREFIX_BYTES + bytes.readUInt32BE(at + 1);
      if (messageEnd > end) break;
      this.#onMessage(bytes, at + PREFIX_BYTES, messageEnd);
      at = messageEnd;
    }
    if (at < end) this.#partial = Buffer.from(bytes.subarray(at, end));
  }
}
