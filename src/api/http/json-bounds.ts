/**
 * Bounds on a JSON body before it is parsed, for the same reason as the bounds on elements: `{},` takes three bytes in the
 * body and a hundred in memory, and the number in a long text takes a second to read.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { EDGE_LIMITS } from "../../limits.js";

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The same bytes, less what is beyond the bound on elements: of each array one element more than is ever allowed is left, so that
 * the check of the fields refuses it by its name. Throws where there is too much of anything else. Faults are left to the parser.
 */
export function withinJsonBounds(bytes: Uint8Array): Uint8Array {
  // Whatever stands in a body of everyday size, it costs little.
  if (bytes.byteLength <= 2 * EDGE_LIMITS.elementsMax) return bytes;
  return new JsonScan(bytes).bounded();
}

class JsonScan {
  readonly #bytes: Uint8Array;
  /** Of each array and object that is open, the commas in it; for an object, how many does not matter. */
  readonly #commas: number[] = [];
  readonly #isArray: boolean[] = [];
  readonly #kept: Uint8Array[] = [];
  #keptTo = 0;
  #values = 0;
  /** Where the array at this depth went beyond the bound; what follows in it is left out. */
  #cut: { readonly from: number; readonly depth: number } | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bounded(): Uint8Array {
    const bytes = this.#bytes;
    let at = 0;
    let textFrom = 0;
    while (at < bytes.byteLength) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        const end = endOfText(bytes, at);
        assertShort(end - at);
        at = end;
        textFrom = end;
        continue;
      }
      if (isStructure(byte)) {
        assertShort(at - textFrom);
        textFrom = at + 1;
        this.#structure(byte, at);
      }
      at += 1;
    }
    assertShort(at - textFrom);
    if (this.#cut !== undefined) this.#leaveOut(this.#cut.from, at);
    return this.#kept.length === 0 ? bytes : Buffer.concat([...this.#kept, bytes.subarray(this.#keptTo)]);
  }

  #structure(byte: number, at: number): void {
    if (byte === COMMA) this.#comma(at);
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      this.#count();
      this.#commas.push(0);
      this.#isArray.push(byte === OPEN_ARRAY);
      if (this.#commas.length > EDGE_LIMITS.jsonDepthMax) {
        throw tooMuch(Code.InvalidArgument, `values lie deeper than ${EDGE_LIMITS.jsonDepthMax} in each other`);
      }
    } else this.#close(at);
  }

  #comma(at: number): void {
    this.#count();
    const depth = this.#commas.length - 1;
    if (depth < 0) return;
    const commas = (this.#commas[depth] ?? 0) + 1;
    this.#commas[depth] = commas;
    const isBeyond = this.#isArray[depth] === true && commas === EDGE_LIMITS.elementsMax + 1;
    if (isBeyond && this.#cut === undefined) this.#cut = { from: at, depth };
  }

  #close(at: number): void {
    this.#commas.pop();
    this.#isArray.pop();
    if (this.#cut === undefined || this.#commas.length > this.#cut.depth) return;
    this.#leaveOut(this.#cut.from, at);
    this.#cut = undefined;
  }

  #leaveOut(from: number, to: number): void {
    this.#kept.push(this.#bytes.subarray(this.#keptTo, from));
    this.#keptTo = to;
  }

  /** What is left out is not parsed, so it does not count. */
  #count(): void {
    if (this.#cut !== undefined) return;
    this.#values += 1;
    if (this.#values > EDGE_LIMITS.jsonValuesMax) {
      throw tooMuch(Code.ResourceExhausted, `the message has more than ${EDGE_LIMITS.jsonValuesMax} values`);
    }
  }
}

function isStructure(byte: number): boolean {
  switch (byte) {
    case COMMA:
    case OPEN_ARRAY:
    case CLOSE_ARRAY:
    case OPEN_OBJECT:
    case CLOSE_OBJECT:
      return true;
    default:
      return false;
  }
}

/** Just behind the closing quote of the text that begins here. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.byteLength) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return bytes.byteLength;
}

function assertShort(length: number): void {
  if (length <= EDGE_LIMITS.jsonTextBytesMax) return;
  throw tooMuch(Code.ResourceExhausted, `a text or a number is longer than ${EDGE_LIMITS.jsonTextBytesMax} bytes`);
}

function tooMuch(code: Code, message: string): ConnectError {
  return new ConnectError(message, code);
}
