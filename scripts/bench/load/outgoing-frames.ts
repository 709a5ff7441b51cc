/** Frames on their way out: written one after the other into one buffer, and handed to the socket together. */
import type { Socket } from "node:net";
import { FRAME_HEADER_BYTES, type FrameHeader, writeFrameHeader } from "./http2-frames.js";

export class OutgoingFrames {
  readonly bytes: Buffer;
  readonly #socket: Socket;
  #length = 0;

  constructor(socket: Socket, bufferBytes: number) {
    this.bytes = Buffer.allocUnsafe(bufferBytes);
    this.#socket = socket;
  }

  /** Writes a frame's header and says where in `bytes` its payload goes. */
  begin(header: FrameHeader): number {
    const frameBytes = FRAME_HEADER_BYTES + header.payloadBytes;
    if (this.#length + frameBytes > this.bytes.length) this.flush();
    writeFrameHeader(this.bytes, this.#length, header);
    const payloadAt = this.#length + FRAME_HEADER_BYTES;
    this.#length += frameBytes;
    return payloadAt;
  }

  /** Writes a frame with its payload. */
  add(header: Omit<FrameHeader, "payloadBytes">, payload: Uint8Array): void {
    this.bytes.set(payload, this.begin({ ...header, payloadBytes: payload.length }));
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#socket.write(Buffer.from(this.bytes.subarray(0, this.#length)));
    this.#length = 0;
  }
}
