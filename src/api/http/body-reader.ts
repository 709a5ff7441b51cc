/**
 * Reads a request's body as far as it is wanted, in one piece however many it comes in, with memory for what is there and not for
 * what was announced. All bodies together are bounded; the first part of each is free, so that large ones never keep small ones out.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import type { EdgeLimits } from "../../limits.js";

type BodyLimits = Pick<EdgeLimits, "httpBodyBytesMax" | "httpBodyPartBytes">;

/** Room for the bodies of all requests of one server. */
export class BodyRoom {
  #bytesLeft: number;
  readonly partBytes: number;

  constructor({ httpBodyBytesMax, httpBodyPartBytes }: BodyLimits) {
    this.#bytesLeft = httpBodyBytesMax;
    this.partBytes = httpBodyPartBytes;
  }

  /** Throws when there is no room. */
  take(bytes: number): void {
    if (bytes > this.#bytesLeft) {
      throw new ConnectError("too many large requests at once; try again later", Code.ResourceExhausted);
    }
    this.#bytesLeft -= bytes;
  }

  giveBack(bytes: number): void {
    this.#bytesLeft += bytes;
  }
}

export class BodyReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #room: BodyRoom;
  #rest: Uint8Array = new Uint8Array(0);
  #taken = 0;

  constructor(pieces: AsyncIterable<Uint8Array>, room: BodyRoom) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#room = room;
  }

  /** The next bytes: as many as are wanted, fewer only at the end of the body. */
  async read(wanted: number): Promise<Buffer> {
    let buffer: Buffer = Buffer.allocUnsafe(Math.min(wanted, this.#room.partBytes));
    let length = 0;
    while (length < wanted) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#pieces.next();
        if (next.done === true) break;
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, wanted - length);
      const needed = length + piece.byteLength;
      if (needed > buffer.byteLength) buffer = this.#larger(buffer, { length, needed, wanted });
      buffer.set(piece, length);
      length = needed;
      this.#rest = this.#rest.subarray(piece.byteLength);
    }
    return buffer.subarray(0, length);
  }

  /** What was read is done with. */
  release(): void {
    this.#room.giveBack(this.#taken);
    this.#taken = 0;
  }

  #larger(buffer: Buffer, size: { readonly length: number; readonly needed: number; readonly wanted: number }): Buffer {
    const bytes = Math.min(size.wanted, Math.max(2 * buffer.byteLength, size.needed));
    const more = bytes - buffer.byteLength;
    this.#room.take(more);
    this.#taken += more;
    const larger = Buffer.allocUnsafe(bytes);
    buffer.copy(larger, 0, 0, size.length);
    return larger;
  }
}
