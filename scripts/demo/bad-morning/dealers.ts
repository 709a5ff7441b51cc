/**
 * The dealers of the morning: each order is reserved, and then confirmed, given back, or forgotten, as people do. They come at the
 * rate that the clock says, whatever the service does with them, and remember what they were told.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { durationFromMs, type HoldfastClient, HoldfastError, ReserveOutcome } from "../../../src/client/index.js";
import { SeededRandom } from "../../../test/journal/seeded-random.js";
import { ZipfSkus } from "./zipf-skus.js";

export interface DealersOptions {
  readonly client: HoldfastClient;
  readonly seed: number;
  readonly dealers: number;
  readonly warehouseIds: readonly string[];
  readonly skus: readonly string[];
}

/** What dealers were told, in orders. */
export interface DealersTold {
  orders: number;
  rejected: number;
  /** Granted, whatever became of them later. */
  reserved: number;
  committed: number;
  committedProvisionally: number;
  /** Came too late: the hold had expired, or the stock was gone. */
  commitsRefused: number;
  failed: number;
}

const TICK_MS = 20;
const HOLD_MS = 8_000;
const LINES_MAX = 4;
const UNITS_MAX = 4;

export class Dealers {
  readonly told: DealersTold = {
    orders: 0,
    rejected: 0,
    reserved: 0,
    committed: 0,
    committedProvisionally: 0,
    commitsRefused: 0,
    failed: 0,
  };
  readonly #options: DealersOptions;
  readonly #random: SeededRandom;
  readonly #zipf: ZipfSkus;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: DealersOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#zipf = new ZipfSkus(options.skus, this.#random);
  }

  dealerId(index: number): string {
    return `dealer-${String(index + 1).padStart(3, "0")}`;
  }

  /** Registers them, each with the warehouse that serves it. */
  async register(): Promise<void> {
    const { client, dealers, warehouseIds } = this.#options;
    for (let index = 0; index < dealers; index++) {
      const warehouseId = warehouseIds[index % warehouseIds.length]!;
      await client.putDealer({ dealer: { dealerId: this.dealerId(index), warehouseId } });
    }
  }

  /** Orders come at `ordersPerSecond(share)` until the time is over, `share` being how much of it has passed. */
  async order(durationMs: number, ordersPerSecond: (share: number) => number): Promise<void> {
    const startedAt = performance.now();
    let due = 0;
    for (let lastAt = startedAt; ; ) {
      await sleep(TICK_MS);
      const nowAt = performance.now();
      const share = (nowAt - startedAt) / durationMs;
      if (share >= 1) break;
      due += ((nowAt - lastAt) / 1_000) * ordersPerSecond(share);
      lastAt = nowAt;
      for (; due >= 1; due--) this.#begin();
    }
    await Promise.all(this.#underWay);
  }

  #begin(): void {
    this.told.orders += 1;
    const order = this.#oneOrder(`order-${this.told.orders}`).catch((cause: unknown) => {
      if (!(cause instanceof HoldfastError)) throw cause;
      this.told.failed += 1;
    });
    this.#underWay.add(order);
    order.finally(() => this.#underWay.delete(order));
  }

  async #oneOrder(orderId: string): Promise<void> {
    const { client, dealers } = this.#options;
    const dealerId = this.dealerId(this.#random.below(dealers));
    const lines = Array.from({ length: 1 + this.#random.below(LINES_MAX) }, () => ({
      sku: this.#zipf.next(),
      quantity: 1 + this.#random.below(UNITS_MAX),
    }));
    const mood = this.#random.next();
    const thinkMs = 100 + this.#random.below(2_000);
    const commit = mood < 0.3;
    const held = await client.reserve({
      dealerId,
      orderId,
      lines,
      commit,
      ...(commit ? {} : { holdDuration: durationFromMs(HOLD_MS) }),
    });
    if (held.outcome === ReserveOutcome.REJECTED) {
      this.told.rejected += 1;
      return;
    }
    this.told.reserved += 1;
    const { reservationId, provisional } = held.reservation!;
    if (commit) {
      this.#committed(provisional);
      return;
    }
    await sleep(thinkMs);
    // Most are confirmed, some thought better of it, and some are forgotten until they expire.
    if (mood < 0.85) {
      try {
        const { reservation } = await client.commit({ dealerId, reservationId });
        this.#committed(reservation!.provisional);
      } catch (cause) {
        if (!(cause instanceof HoldfastError) || cause.codeName !== "FAILED_PRECONDITION") throw cause;
        this.told.commitsRefused += 1;
      }
    } else if (mood < 0.95) await client.release({ dealerId, reservationId });
  }

  #committed(provisional: boolean): void {
    this.told.committed += 1;
    if (provisional) this.told.committedProvisionally += 1;
  }
}
