/** Reads the header blocks of one direction of an HTTP/2 connection (RFC 7541, section 6). */
import { type HeaderField, HeaderTable } from "./header-table.js";
import { decodeHuffman } from "./huffman.js";

export class HeaderDecoder {
  readonly #table = new HeaderTable();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The fields of one whole block, in order. Blocks must be handed over in the order of the wire. */
  decode(block: Buffer): HeaderField[] {
    this.#bytes = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    while (this.#at < block.length) {
      const first = block[this.#at]!;
      if (first >= 0x80) {
        fields.push(this.#table.field(this.#integer(7)));
      } else if (first >= 0x40) {
        const field = this.#literal(6);
        this.#table.add(field);
        fields.push(field);
      } else if (first >= 0x20) {
        this.#table.resize(this.#integer(5));
      } else {
        fields.push(this.#literal(4));
      }
    }
    return fields;
  }

  #literal(prefixBits: number): HeaderField {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#table.field(index).name;
    return { name, value: this.#string() };
  }

  #string(): string {
    const huffman = this.#byte() >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error("a header block is cut short");
    if (huffman) return decodeHuffman(this.#bytes, start, this.#at);
    return this.#bytes.toString("latin1", start, this.#at);
  }

  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#byte() & mask;
    this.#at++;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      this.#at++;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("a header block is cut short");
    return byte;
  }
}
