/**
 * What a caller outside the server was told, and what must therefore be true of the server for ever after (I3, I5, I6, I9, I10).
 * It knows nothing but answers; what was asked and never answered stays open until a retry resolves it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import {
  type HoldfastClient,
  type Reservation,
  ReservationState as State,
  timestampMs,
} from "../../../src/client/index.js";

/** The newest that was acknowledged of one reservation. */
interface Acknowledged {
  readonly revision: bigint;
  readonly state: State;
  readonly expiresAtMs: number;
  readonly lines: readonly Line[];
}

interface Line {
  readonly sku: string;
  readonly reserved: bigint;
  readonly committed: bigint;
  readonly dispatched: bigint;
  readonly released: bigint;
}

const ABOUT_TO_EXPIRE_MS = 60_000;
const ENDED = new Set([State.FULFILLED, State.RELEASED, State.EXPIRED]);

export class CrashLedger {
  readonly #known = new Map<string, Acknowledged>();
  /** The reservation that each request made, so that a retry may make no other. */
  readonly #madeBy = new Map<string, string>();
  /** On hand by SKU as the ERP told it, and the last event that was acknowledged. */
  readonly onHand = new Map<string, number>();
  erpAcknowledged = 0;

  get size(): number {
    return this.#known.size;
  }

  made(requestId: string, reservation: Reservation): void {
    const before = this.#madeBy.get(requestId);
    expect([undefined, reservation.reservationId], `what ${requestId} made`).toContain(before);
    this.#madeBy.set(requestId, reservation.reservationId);
    this.acknowledged(reservation);
  }

  acknowledged({ reservationId, revision, state, lines, expireTime }: Reservation): void {
    const known = this.#known.get(reservationId);
    if (known !== undefined && known.revision > revision) return;
    const expiresAtMs = expireTime === undefined ? 0 : timestampMs(expireTime);
    this.#known.set(reservationId, { revision, state, expiresAtMs, lines: lines.map(plain) });
  }

  /** Compares everything that was ever acknowledged with what the server says now, and the counters with the sums. */
  async check(client: HoldfastClient, dealerIds: readonly string[], warehouseId: string): Promise<void> {
    const promised = new Map<string, bigint>();
    const found = new Set<string>();
    const askedAtMs = Date.now();
    for (const reservation of await atRest(client, dealerIds)) {
      found.add(reservation.reservationId);
      this.#checkOne(reservation, askedAtMs);
      for (const line of reservation.lines) {
        const open = line.reserved + line.committed;
        expect(line.requested).toBe(open + line.dispatched + line.released);
        promised.set(line.sku, (promised.get(line.sku) ?? 0n) + open);
      }
    }
    for (const reservationId of this.#known.keys()) {
      expect(found, "what was acknowledged and must be there").toContain(reservationId);
    }
    const { availability } = await client.getAvailability({ warehouseId });
    expect(availability).toHaveLength(this.onHand.size);
    for (const { sku, onHand, reserved, committed } of availability) {
      expect([sku, Number(onHand), reserved + committed]).toEqual([sku, this.onHand.get(sku), promised.get(sku) ?? 0n]);
      expect(reserved + committed).toBeLessThanOrEqual(onHand);
    }
  }

  #checkOne(now: Reservation, askedAtMs: number): void {
    const known = this.#known.get(now.reservationId);
    // Made by a request whose answer was lost and which is not resolved yet.
    if (known === undefined) return;
    const what = `reservation ${now.reservationId}, acknowledged ${JSON.stringify({ ...known, lines: [] }, unbig)}`;
    expect(now.revision, what).toBeGreaterThanOrEqual(known.revision);
    if (now.revision === known.revision) {
      expect(now.state, what).toBe(known.state);
      expect(now.lines.map(plain), what).toEqual(known.lines);
    }
    if (ENDED.has(known.state)) expect(now.revision, what).toBe(known.revision);
    if (known.state === State.COMMITTED) expect([State.PENDING, State.EXPIRED], what).not.toContain(now.state);
    // An extension whose answer was lost may have moved the deadline, so only what was asked before it is too early.
    if (now.state === State.EXPIRED)
      expect(timestampMs(now.updateTime!), what).toBeGreaterThanOrEqual(known.expiresAtMs);
    if (now.state === State.PENDING) expect(timestampMs(now.expireTime!) + 5_000, what).toBeGreaterThan(askedAtMs);
  }
}

/** Every reservation, once none is about to expire, so that what is read after it still fits. */
async function atRest(client: HoldfastClient, dealerIds: readonly string[]): Promise<readonly Reservation[]> {
  for (;;) {
    const reservations: Reservation[] = [];
    for (const dealerId of dealerIds) {
      for await (const reservation of everyReservation(client, dealerId)) reservations.push(reservation);
    }
    const soon = Date.now() + ABOUT_TO_EXPIRE_MS;
    if (reservations.every(({ expireTime }) => expireTime === undefined || timestampMs(expireTime) > soon)) {
      return reservations;
    }
    await sleep(50);
  }
}

async function* everyReservation(client: HoldfastClient, dealerId: string): AsyncGenerator<Reservation> {
  let pageToken = "";
  do {
    const page = await client.listReservations({ dealerId, pageSize: 1_000, pageToken });
    yield* page.reservations;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function plain({ sku, reserved, committed, dispatched, released }: Line): Line {
  return { sku, reserved, committed, dispatched, released };
}

function unbig(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
