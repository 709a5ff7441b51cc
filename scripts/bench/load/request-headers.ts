/** The header blocks of gRPC requests on one connection: encoded once for each method, in full only the first time. */
import { HeaderEncoder } from "./header-encoder.js";

export class RequestHeaders {
  readonly #encoder = new HeaderEncoder();
  readonly #blocks = new Map<string, Buffer>();

  /** The block of a call to this path. Must be sent before the next one is asked for. */
  block(path: string): Buffer {
    const known = this.#blocks.get(path);
    if (known !== undefined) return known;
    const fields = [
      { name: ":method", value: "POST" },
      { name: ":scheme", value: "http" },
      { name: ":path", value: path },
      { name: ":authority", value: "127.0.0.1" },
      { name: "te", value: "trailers" },
      { name: "content-type", value: "application/grpc" },
      { name: "user-agent", value: "holdfast-bench" },
    ];
    // New fields move the indexes of older ones, so blocks that are already known must be made again.
    this.#blocks.clear();
    const block = this.#encoder.encode(fields);
    const hasOnlyIndexes = block.length === fields.length;
    if (hasOnlyIndexes) this.#blocks.set(path, block);
    return block;
  }
}
