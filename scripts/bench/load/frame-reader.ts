/** Cuts the bytes of a socket into HTTP/2 frames, whatever the chunks in which they arrive. */
import { FRAME_HEADER_BYTES } from "./http2-frames.js";

/** Takes one frame; its payload is bytes[start..end), which are overwritten after the return. */
export type FrameListener = (type: number, flags: number, streamId: number, bytes: Buffer, range: ByteRange) => void;

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export class FrameReader {
  readonly #onFrame: FrameListener;
  #partial: Buffer = Buffer.alloc(0);
  /** Reused for each frame, so that reading allocates nothing. */
  readonly #range = { start: 0, end: 0 };

  constructor(onFrame: FrameListener) {
    this.#onFrame = onFrame;
  }

  /** Hands over every frame that is complete with this chunk. The chunk may be reused after the return. */
  read(chunk: Buffer): void {
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const payloadBytes = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      const end = at + FRAME_HEADER_BYTES + payloadBytes;
      if (end > bytes.length) break;
      this.#range.start = at + FRAME_HEADER_BYTES;
      this.#range.end = end;
      this.#onFrame(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5), bytes, this.#range);
      at = end;
    }
    this.#partial = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }
}
