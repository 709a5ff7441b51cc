/** Lets a bounded number of reads go on at the same time; the others wait their turn. */
export class ReadGate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(readsMax: number) {
    this.#free = readsMax;
  }

  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await read();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
