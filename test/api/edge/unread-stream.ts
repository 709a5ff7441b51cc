/**
 * A call whose answers stay unread until the test reads them. A grpc-js client cannot be that: its transport takes what
 * comes into memory, whether or not anybody listens. Here unread answers fill the HTTP/2 window, and the server feels it.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";

const PREFIX_BYTES = 5;

export class UnreadStream<Answer extends Message> {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #method: DescMethod;

  constructor(address: string, method: DescMethod) {
    this.#method = method;
    this.#session = connect(`http://${address}`);
    this.#stream = this.#session.request({
      ":method": "POST",
      ":path": `/${method.parent.typeName}/${method.name}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    // The test may end the server first.
    this.#session.on("error", () => {});
    this.#stream.on("error", () => {});
  }

  send(message: Message): void {
    const body = toBinary(this.#method.input, message);
    const frame = Buffer.alloc(PREFIX_BYTES + body.length);
    frame.writeUInt32BE(body.length, 1);
    frame.set(body, PREFIX_BYTES);
    this.#stream.write(frame);
  }

  /** Half-closes, and reads everything to the end. */
  async readAll(): Promise<Answer[]> {
    this.#stream.end();
    const chunks: Buffer[] = [];
    for await (const chunk of this.#stream) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const answers: Answer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const end = start + PREFIX_BYTES + bytes.readUInt32BE(start + 1);
      answers.push(fromBinary(this.#method.output, bytes.subarray(start + PREFIX_BYTES, end)) as unknown as Answer);
      start = end;
    }
    return answers;
  }

  close(): void {
    this.#session.destroy();
  }
}
