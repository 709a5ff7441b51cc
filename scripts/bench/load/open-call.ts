/** One call of a connection, from its headers to its trailers. */
import type { HeaderField } from "./header-table.js";
import { MessageReader } from "./message-reader.js";

export interface CallListener {
  /** One answer, bytes[start..end), overwritten after the return. */
  onMessage(bytes: Buffer, start: number, end: number): void;
  /** The call is over, with the text of its grpc-status and grpc-message. */
  onEnd(status: string, message: string): void;
}

export class OpenCall {
  /** Bytes that the server still takes on this call. */
  sendWindowBytes: number;
  /** Bytes received since the server was last told to go on. */
  receivedBytes = 0;
  readonly #listener: CallListener;
  readonly #messages: MessageReader;
  #status = "";
  #statusMessage = "";

  constructor(
    readonly id: number,
    listener: CallListener,
    sendWindowBytes: number,
  ) {
    this.#listener = listener;
    this.#messages = new MessageReader((bytes, start, end) => listener.onMessage(bytes, start, end));
    this.sendWindowBytes = sendWindowBytes;
  }

  readData(bytes: Buffer, start: number, end: number): void {
    this.receivedBytes += end - start;
    this.#messages.read(bytes, start, end);
  }

  readHeaders(fields: readonly HeaderField[]): void {
    for (const field of fields) {
      if (field.name === "grpc-status") this.#status = field.value;
      else if (field.name === "grpc-message") this.#statusMessage = decodeURIComponent(field.value);
    }
  }

  end(): void {
    if (!this.#messages.isBetweenMessages) throw new Error("a call ended in the middle of a message");
    this.#listener.onEnd(this.#status, this.#statusMessage);
  }
}
