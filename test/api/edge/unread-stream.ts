/**
 * A call whose answers stay unread until the test reads them. A grpc-js client cannot be that: its transport takes what
 * comes into memory, whether or not anybody listens. Here unread answers fill the HTTP/2 window, and the server feels it.
 */
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";

const PREFIX_BYTES = 5;

export class UnreadStream {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  /** The server has answered with its headers. */
  readonly begun: Promise<unknown>;
  /** The code that the stream was closed with. */
  readonly reset: Promise<number>;
  /** Messages that the server has let in, as far as its HTTP/2 window tells. */
  accepted = 0;

  /** `path` is the method's, as in `/package.Service/Method`. */
  constructor(address: string, path: string) {
    this.#session = connect(`http://${address}`);
    this.#stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    this.begun = once(this.#stream, "response");
    this.begun.catch(() => {});
    this.reset = new Promise((resolve) => this.#stream.once("close", () => resolve(this.#stream.rstCode)));
    // The test may end the server first.
    this.#session.on("error", () => {});
    this.#stream.on("error", () => {});
  }

  send(message: Uint8Array): void {
    this.#stream.write(framed(message));
  }

  /** Sends one message many times, each when the one before it has been let in; `accepted` counts them. */
  sendEach(message: Uint8Array, times: number): void {
    const frame = framed(message);
    const next = () => {
      if (this.accepted === times) return;
      this.#stream.write(frame, (error) => {
        if (error) return;
        this.accepted += 1;
        next();
      });
    };
    next();
  }

  /** Sends no more: a call with one request begins with that. */
  halfClose(): void {
    this.#stream.end();
  }

  /** Half-closes, and reads everything to the end. */
  async readAll(): Promise<Buffer[]> {
    this.#stream.end();
    const chunks: Buffer[] = [];
    for await (const chunk of this.#stream) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const answers: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const end = start + PREFIX_BYTES + bytes.readUInt32BE(start + 1);
      answers.push(bytes.subarray(start + PREFIX_BYTES, end));
      start = end;
    }
    return answers;
  }

  close(): void {
    this.#session.destroy();
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}
