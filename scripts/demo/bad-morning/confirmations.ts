import { type HoldfastClient, OrderEventType } from "../../../src/client/index.js";
import { SOURCE } from "./cast.js";

/** Listens for orders that are confirmed again, as an ERP connector would, until it is told to stop. */
export class Confirmations {
  readonly #confirmed = new Set<string>();
  readonly #stop = new AbortController();
  readonly #listening: Promise<void>;

  constructor(client: HoldfastClient) {
    this.#listening = this.#listen(client);
  }

  get count(): number {
    return this.#confirmed.size;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(client: HoldfastClient): Promise<void> {
    for await (const { event } of client.watchOrders({ source: SOURCE, fromOldest: true, signal: this.#stop.signal })) {
      if (event?.type === OrderEventType.PROVISIONAL_CONFIRMED) this.#confirmed.add(event.reservationId);
    }
  }
}
