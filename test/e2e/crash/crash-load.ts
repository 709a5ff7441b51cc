/**
 * Mixed load through the published client: dealers that reserve, commit, give back and extend, and an ERP that receives and dispatches.
 * Each worker does one thing at a time. What has no answer when the server dies is kept, and asked again with the same request_id.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { durationFromMs, type HoldfastClient, HoldfastError, type Reservation } from "../../../src/client/index.js";
import type { SeededRandom } from "../../journal/seeded-random.js";
import type { CrashLedger } from "./crash-ledger.js";

export const WAREHOUSE = "W";
export const DEALERS = ["D0", "D1", "D2", "D3"] as const;
export const SKUS = ["S0", "S1", "S2", "S3", "S4", "S5"] as const;
/** A retry within the client would hide what the crash left open. */
export const ONE_TRY = { retry: { attemptsMax: 1 } };
const DEADLINE = { deadlineMs: 10_000 };
const SHORT_HOLD_MS = 300;
const LONG_HOLD_MS = 3_600_000;

/** One mutating call, repeatable: the same request each time. */
interface Asked {
  readonly requestId: string;
  readonly ask: (client: HoldfastClient) => Promise<{ readonly reservation?: Reservation | undefined }>;
  readonly makes: boolean;
}

interface ErpStep {
  readonly sku: string;
  readonly delta: number;
}

export class CrashLoad {
  readonly #ledger: CrashLedger;
  readonly #random: SeededRandom;
  readonly #erpSteps: ErpStep[] = [];
  #requests = 0;
  #unanswered: Asked[] = [];
  /** What happened, so that a test can prove that its load was mixed. */
  readonly done = { resolved: 0, refused: 0, rejected: 0, reserve: 0, commit: 0, release: 0, extend: 0, erp: 0 };

  constructor(ledger: CrashLedger, random: SeededRandom) {
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Loads the server until it dies. */
  async run(client: HoldfastClient): Promise<void> {
    await Promise.all([...DEALERS.map((dealerId) => this.#deal(client, dealerId)), this.#erp(client)]);
  }

  /** Asks again for whatever had no answer. */
  async resolve(client: HoldfastClient): Promise<void> {
    for (const asked of this.#unanswered.splice(0)) {
      await this.#settle(client, asked);
      this.done.resolved += 1;
    }
    await this.erpUpTo(client, this.#erpSteps.length);
  }

  async #deal(client: HoldfastClient, dealerId: string): Promise<void> {
    const mine: string[] = [];
    for (;;) {
      const { kind, ...asked } = this.#next(dealerId, mine);
      try {
        const reservation = await this.#settle(client, asked);
        this.done[kind] += 1;
        if (asked.makes && reservation !== undefined) mine.push(reservation.reservationId);
      } catch (cause) {
        if (!isGone(cause)) throw cause;
        this.#unanswered.push(asked);
        return;
      }
    }
  }

  #next(dealerId: string, mine: string[]): Asked & { readonly kind: "reserve" | "commit" | "release" | "extend" } {
    this.#requests += 1;
    const requestId = `r${this.#requests}`;
    const roll = this.#random.below(10);
    const reservationId = mine.length > 0 ? this.#random.pick(mine) : undefined;
    if (roll < 5 || reservationId === undefined) {
      const skus = [this.#random.pick(SKUS), this.#random.pick(SKUS)];
      const lines = skus.map((sku) => ({ sku, quantity: 1 + this.#random.below(4) }));
      const holdDuration = durationFromMs(this.#random.chance(0.4) ? SHORT_HOLD_MS : LONG_HOLD_MS);
      const order = { requestId, dealerId, orderId: requestId, warehouseId: WAREHOUSE, lines, holdDuration };
      return { kind: "reserve", requestId, makes: true, ask: (client) => client.reserve(order, DEADLINE) };
    }
    const target = { requestId, dealerId, reservationId };
    if (roll < 7) return { kind: "commit", requestId, makes: false, ask: (client) => client.commit(target, DEADLINE) };
    if (roll < 9)
      return { kind: "release", requestId, makes: false, ask: (client) => client.release(target, DEADLINE) };
    const extended = { ...target, holdDuration: durationFromMs(LONG_HOLD_MS) };
    return { kind: "extend", requestId, makes: false, ask: (client) => client.extend(extended, DEADLINE) };
  }

  /** One call to its answer or refusal, noted in the ledger. Throws where there is neither. */
  async #settle(client: HoldfastClient, { requestId, ask, makes }: Asked): Promise<Reservation | undefined> {
    try {
      const { reservation } = await ask(client);
      if (reservation === undefined) this.done.rejected += 1;
      else if (makes) this.#ledger.made(requestId, reservation);
      else this.#ledger.acknowledged(reservation);
      return reservation;
    } catch (cause) {
      if (isGone(cause)) throw cause;
      this.done.refused += 1;
      return undefined;
    }
  }

  async #erp(client: HoldfastClient): Promise<void> {
    for (;;) {
      try {
        await this.erpUpTo(client, this.#erpSteps.length + 1);
      } catch (cause) {
        if (isGone(cause)) return;
        if (!(cause instanceof HoldfastError) || cause.reason !== "OVERLOADED") throw cause;
        await sleep(cause.retryAfterMs ?? 50);
      }
    }
  }

  /** Sends the ERP's events from the first unacknowledged one on; new ones are made up as needed. */
  async erpUpTo(client: HoldfastClient, last: number): Promise<void> {
    while (this.#erpSteps.length < last) {
      const sku = SKUS[this.#erpSteps.length % SKUS.length]!;
      this.#erpSteps.push({ sku, delta: 1 + this.#random.below(8) });
    }
    const events = this.#erpSteps.slice(this.#ledger.erpAcknowledged, last).map(({ sku, delta }, index) => {
      const sequence = this.#ledger.erpAcknowledged + index + 1;
      const value = { warehouseId: WAREHOUSE, sku, quantity: delta };
      return { source: "erp", sequence, eventId: `e${sequence}`, body: { case: "stockReceived" as const, value } };
    });
    for await (const { sequence } of client.streamEvents(events)) {
      const { sku, delta } = this.#erpSteps[Number(sequence) - 1]!;
      this.#ledger.erpAcknowledged = Number(sequence);
      this.#ledger.onHand.set(sku, (this.#ledger.onHand.get(sku) ?? 0) + delta);
      this.done.erp += 1;
    }
  }
}

/** The server died, or ends: whether the call took effect is open. */
function isGone(cause: unknown): boolean {
  return cause instanceof HoldfastError && ["UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED"].includes(cause.codeName);
}
