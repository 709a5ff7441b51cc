import { overloaded, shuttingDown } from "../actor/refusals.js";
import type { Refusal } from "../domain/refusal.js";

/** Ends a stream with a refusal; what was taken from it is answered first. */
export type EndStream = (refused: Refusal) => void;

/** The streams of one server: bounded in number, since each may keep answers that nobody reads, and ended by a shutdown. */
export class OpenStreams {
  readonly #streamsMax: number;
  readonly #ends = new Set<EndStream>();
  #isClosing = false;

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  get count(): number {
    return this.#ends.size;
  }

  /** Lets a stream in, and gives what must be called when it is over (twice does no harm); or says why it must end. */
  enter(end: EndStream): (() => void) | Refusal {
    if (this.#isClosing) return shuttingDown();
    if (this.#ends.size >= this.#streamsMax) {
      return overloaded("table of open streams", { streams_max: String(this.#streamsMax) });
    }
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Ends every stream, and from now on each that comes. */
  endAll(): void {
    this.#isClosing = true;
    for (const end of [...this.#ends]) end(shuttingDown());
  }
}
