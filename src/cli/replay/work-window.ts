/**
 * Runs work concurrently, a bounded number at a time, started in the order given.
 * After the first failure nothing more is started; it is thrown from the next `start` or from `drained`.
 */
export class WorkWindow {
  readonly #atMost: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly cause: unknown } | undefined;

  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  /** Resolves once the work has begun; it begins synchronously when there is room. */
  async start(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#atMost) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = work()
      .catch((cause: unknown) => {
        this.#failure ??= { cause };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves once all that was started has ended. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}

/** Does the work for each item, `atMost` at a time. */
export async function forEachAtMost<Item>(
  atMost: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const window = new WorkWindow(atMost);
  for (const item of items) await window.start(() => work(item));
  await window.drained();
}
