/** What the tests of images on the real process share: load that keeps coming, and what of it a server must know. */
import { expect } from "vitest";
import { HoldfastClient, HoldfastError } from "../../../src/client/index.js";

const SKUS = 50;
export const WAREHOUSE = "north";
/** Small segments, frequent checkpoints and images, so that a test sees many of each. */
export const SETTINGS = {
  HOLDFAST_LOG_FORMAT: "json",
  HOLDFAST_JOURNAL_SEGMENT_BYTES: "1MiB",
  HOLDFAST_IMAGES_EVERY_BYTES: "2MiB",
  HOLDFAST_CHECKPOINT_TAIL_RECORDS_MAX: "1500",
  HOLDFAST_DISK_FREE_BYTES_MIN: "0",
};

/** Orders that keep coming, some under way at any moment, until it is stopped. */
export class Load {
  readonly #client: HoldfastClient;
  /** What was acknowledged, in that order: the dealer of each reservation id. */
  readonly acknowledged = new Map<string, string>();
  readonly failures: unknown[] = [];
  #isStopped = false;
  readonly #lanes: Promise<void>[];

  constructor(listen: string, lanes = 32) {
    this.#client = new HoldfastClient(listen);
    this.#lanes = Array.from({ length: lanes }, (_, lane) => this.#run(lane));
  }

  async #run(lane: number): Promise<void> {
    for (let order = 0; !this.#isStopped; order++) {
      const lines = Array.from({ length: 8 }, (_, index) => ({
        sku: `sku-${(lane + order * 7 + index) % SKUS}`,
        quantity: 1,
      }));
      try {
        const dealerId = `dealer-${lane}`;
        const answer = await this.#client.reserve({
          dealerId,
          orderId: `order-${lane}-${order}-${"x".repeat(80)}`,
          warehouseId: WAREHOUSE,
          lines,
        });
        this.acknowledged.set(answer.reservation!.reservationId, dealerId);
      } catch (cause) {
        this.failures.push(cause);
        return;
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    this.#client.close();
  }
}

export async function stockUp(client: HoldfastClient): Promise<void> {
  const events = Array.from({ length: SKUS }, (_, index) => ({
    source: "erp",
    sequence: index + 1,
    eventId: `e-${index}`,
    body: {
      case: "stockReceived" as const,
      value: { warehouseId: WAREHOUSE, sku: `sku-${index}`, quantity: 100_000_000 },
    },
  }));
  for await (const answer of client.streamEvents(events)) expect(answer.reason).toBe("");
}

export async function figures(client: HoldfastClient): Promise<unknown> {
  const { availability } = await client.getAvailability({ warehouseId: WAREHOUSE });
  return availability.map(({ sku, onHand, reserved, committed, version }) => ({
    sku,
    onHand,
    reserved,
    committed,
    version,
  }));
}

/** As many reads at once as no inbox refuses. */
const READS_AT_ONCE = 500;

/** Those of some acknowledged reservations that the server does not know. */
export async function missing(
  client: HoldfastClient,
  acknowledged: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const all = [...acknowledged];
  const unknown: string[] = [];
  for (let start = 0; start < all.length; start += READS_AT_ONCE) {
    const reads = all.slice(start, start + READS_AT_ONCE).map(async ([reservationId, dealerId]) => {
      try {
        const { reservation } = await client.getReservation({ reservationId, dealerId });
        expect(reservation?.reservationId).toBe(reservationId);
      } catch (cause) {
        if (!(cause instanceof HoldfastError) || cause.reason !== "RESERVATION_NOT_FOUND") throw cause;
        unknown.push(reservationId);
      }
    });
    await Promise.all(reads);
  }
  return unknown;
}

export async function until(what: string, isDone: () => boolean): Promise<void> {
  for (let waited = 0; waited < 60_000 && !isDone(); waited += 50) await new Promise((done) => setTimeout(done, 50));
  if (!isDone()) throw new Error(`it took too long until ${what}`);
}
