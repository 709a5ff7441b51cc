/** A caller that behaves: it reserves and releases at a steady rate, whoever else calls, and notes what it waits and what goes wrong. */
import { setTimeout as sleep } from "node:timers/promises";
import { build, type Histogram } from "hdr-histogram-js";
import { HoldfastClient } from "../../src/client/index.js";

const EVERY_MS = 10;
const DEADLINE_MS = 5_000;

export class GoodCaller {
  readonly #client: HoldfastClient;
  #microseconds: Histogram = build();
  #calls = 0;
  #failures: string[] = [];
  #isStopped = false;
  #running: Promise<void>;
  readonly #pending = new Set<Promise<void>>();

  constructor(address: string) {
    this.#client = new HoldfastClient(address, { retry: { attemptsMax: 1 } });
    this.#running = this.#run();
  }

  /** What was seen since the last look. */
  look(): { readonly p99Ms: number; readonly calls: number; readonly failures: readonly string[] } {
    const seen = {
      p99Ms: this.#microseconds.getValueAtPercentile(99) / 1_000,
      calls: this.#calls,
      failures: this.#failures,
    };
    this.#microseconds = build();
    this.#calls = 0;
    this.#failures = [];
    return seen;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#pending);
    this.#client.close();
  }

  /** At its own pace, however long an answer takes: a late one must not hide those that would have come after it. */
  async #run(): Promise<void> {
    let dueAt = performance.now();
    while (!this.#isStopped) {
      const order = this.#order(dueAt).finally(() => this.#pending.delete(order));
      this.#pending.add(order);
      dueAt += EVERY_MS;
      await sleep(Math.max(0, dueAt - performance.now()));
    }
  }

  async #order(dueAt: number): Promise<void> {
    try {
      const { reservation } = await this.#client.reserve(
        { dealerId: "good", orderId: "o", warehouseId: "W", lines: [{ sku: "plenty", quantity: 1n }] },
        { deadlineMs: DEADLINE_MS },
      );
      this.#calls += 1;
      this.#microseconds.recordValue(Math.max(1, Math.round((performance.now() - dueAt) * 1_000)));
      if (reservation === undefined) throw new Error("plenty was refused");
      const { reservationId } = reservation;
      await this.#client.release({ dealerId: "good", reservationId }, { deadlineMs: DEADLINE_MS });
    } catch (failure) {
      this.#failures.push(failure instanceof Error ? failure.message : String(failure));
    }
  }
}
