/** given(events).when(decision).then(events), on one warehouse's partition; and short forms of the events that most begin with. */
import { expect } from "vitest";
import type { Decision, DecisionContext } from "../../../src/domain/decide/decision.js";
import { decideErpEvent } from "../../../src/domain/decide/erp.js";
import { NO_BUFFER } from "../../../src/domain/degraded.js";
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import type { ErpEventApplied, PartitionEvent, ReservationMade } from "../../../src/domain/event.js";
import { evolve } from "../../../src/domain/evolve.js";
import { SHIPPED_POLICY } from "../../../src/domain/policy.js";
import type { RefusalReason } from "../../../src/domain/refusal.js";
import { parseReservationId } from "../../../src/domain/reservation-id.js";
import { MemoryPageStore } from "../../../src/snapshots/memory-page-store.js";
import { PageSpace } from "../../../src/snapshots/page-space.js";
import { emptyHead, PartitionStore } from "../../../src/snapshots/partition-store.js";

const NONCE = "0000000a";
export const NOW_MS = 1_000_000;

/** Nothing was put, and the ERP is there. */
export const CONTEXT: DecisionContext = {
  nowMs: NOW_MS,
  epoch: 1,
  inherited: { safetyStock: 0, lowAt: 10, degraded: NO_BUFFER, version: 0 },
  policy: SHIPPED_POLICY,
  freshness: { state: "LIVE", asOfMs: NOW_MS, ageMs: 0 },
  isProvisional: false,
};

export class Scenario {
  readonly state = new PartitionStore(new PageSpace(new MemoryPageStore()), emptyHead(1, "W1"), {
    stocksResidentMax: 100,
    reservationsResidentMax: 100,
    partitionCount: () => 1,
    retentionMs: () => 1_000,
    nonce: () => NONCE,
    hashSeed: () => 1,
    answerCount: { kept: 0 },
  });
  #sequence = 0;

  /** Takes each event into effect as a record of its own. */
  given(...events: readonly PartitionEvent[]): this {
    for (const event of events) {
      this.#sequence += 1;
      evolve(this.state, event, { sequence: this.#sequence, timeMs: NOW_MS }, () => {});
    }
    return this;
  }

  when(decide: (state: PartitionStore) => Decision): Expectation {
    const decision = decide(this.state);
    if (decision.kind === "refused") {
      const { reason, metadata, fields } = decision.refusal;
      return new Expectation({ refused: { reason, metadata, fields } });
    }
    return new Expectation({ events: decision.events });
  }

  /** An ERP event of the source "erp". */
  whenErp(body: ErpBody, envelope: Partial<ErpEvent> & { readonly isLate?: boolean } = {}): Expectation {
    const { isLate = false, ...rest } = envelope;
    const context = { reservation: numberIn(body), epoch: 1, isLate };
    const decision = decideErpEvent(this.state, { ...erpEvent(body), ...rest }, context);
    return new Expectation(decision.kind === "rejected" ? { rejected: decision.reason } : { events: decision.events });
  }

  id(reservation: number): string {
    return this.state.reservationId(reservation, 1);
  }
}

type Result =
  | { readonly events: readonly PartitionEvent[] }
  | { readonly rejected: string }
  | {
      readonly refused: {
        readonly reason: RefusalReason;
        readonly metadata: object;
        readonly fields: readonly string[];
      };
    };

class Expectation {
  constructor(readonly result: Result) {}

  /** Exactly these events, in this order. */
  // biome-ignore lint/suspicious/noThenProperty: it is given, when, then; nobody awaits a scenario.
  then(...events: readonly PartitionEvent[]): void {
    expect(this.result).toEqual({ events });
  }

  thenRejected(reason: string): void {
    expect(this.result).toEqual({ rejected: reason });
  }

  thenRefused(reason: RefusalReason, metadata: Record<string, string>, fields: readonly string[] = []): void {
    expect(this.result).toEqual({ refused: { reason, metadata, fields } });
  }
}

export function given(...events: readonly PartitionEvent[]): Scenario {
  return new Scenario().given(...events);
}

function numberIn(body: ErpBody): number {
  if (body.kind !== "OrderDispatched" && body.kind !== "OrderClosed") return 0;
  return parseReservationId(body.reservationId, () => NONCE)?.number ?? 0;
}

export function erpEvent(body: ErpBody): ErpEvent {
  return { source: "erp", sequence: 7, eventId: "e7", occurredAtMs: 0, body };
}

/** A stock with so many units on hand. */
export function stock(number: number, sku: string, onHand: number): readonly PartitionEvent[] {
  const body: ErpBody = { kind: "StockReceived", warehouseId: "W1", sku, quantity: onHand, reference: "" };
  return [{ kind: "StockOpened", stock: number, sku }, applied(body, number, { onHandDelta: onHand })];
}

export function applied(body: ErpBody, ofStock: number, deltas: Partial<ErpEventApplied> = {}): ErpEventApplied {
  const none = { onHandDelta: 0, unavailableDelta: 0, allocatedDelta: 0 };
  const facts = { isLate: false, consumed: [], exception: 0, reverses: 0 };
  return { kind: "ErpEventApplied", event: erpEvent(body), stock: ofStock, ...none, ...facts, ...deltas };
}

/** Units that are gone, found by a correction: what makes a shortfall. */
export function lost(ofStock: number, sku: string, quantity: number): ErpEventApplied {
  const body: ErpBody = { kind: "StockAdjusted", warehouseId: "W1", sku, delta: -quantity, reason: "", reference: "" };
  return applied(body, ofStock, { onHandDelta: -quantity });
}

/** A hold of units by stock number. */
export function held(
  reservation: number,
  granted: Readonly<Record<number, number>>,
  owner: { readonly dealerId?: string; readonly orderId?: string } = {},
): ReservationMade {
  return {
    kind: "ReservationMade",
    reservation,
    epoch: 1,
    dealerId: owner.dealerId ?? "D1",
    orderId: owner.orderId ?? "O1",
    lines: Object.entries(granted).map(([key, units]) => ({
      stock: Number(key),
      sku: "",
      requested: units,
      granted: units,
    })),
    expiresAtMs: NOW_MS + 60_000,
    provisional: false,
  };
}

export function committed(reservation: number, quantities?: readonly number[]): PartitionEvent {
  return { kind: "ReservationCommitted", reservation, quantities, provisional: false };
}

export function released(reservation: number, quantities?: readonly number[]): PartitionEvent {
  return { kind: "ReservationReleased", reservation, quantities, reason: "CANCELLED", attribution: undefined };
}
