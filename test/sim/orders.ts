/** What dealers, operators and the ERP of a simulated world may say: few names, so that they meet. Draws, and keeps nothing. */
import type { Command, LineRequest } from "../../src/domain/command.js";
import type { ErpBody } from "../../src/domain/erp-event.js";
import type { PolicyFields, PolicyScope } from "../../src/domain/policy.js";
import type { SeededRandom } from "../journal/seeded-random.js";
import { PrecisionTurns } from "./precision-turns.js";

export const WAREHOUSES = ["W1", "W2"] as const;
export const DEALERS = ["D1", "D2", "D3", "D4", "D5"] as const;
/** Never registered. */
export const STRANGER = "D9";
export const ORDERS = ["O1", "O2", "O3", "O4", "O5", "O6"] as const;
/** Most of what happens meets on a few of them; the others grow cold in between. */
export const SKUS: readonly string[] = Array.from({ length: 40 }, (_, index) => `S${index}`);
const HOT_SKUS = 4;
const REASONS = ["CANCELLED", "REJECTED", "DISPATCH_FAILED"] as const;
const STATES = ["PENDING", "COMMITTED", "FULFILLED", "RELEASED", "EXPIRED"] as const;
const ATTRIBUTION = { actor: "sim", reason: "" };
export const HOLD_MAX_MS = 24 * 3_600_000;

export class Orders {
  readonly #random: SeededRandom;
  readonly #precisions = new PrecisionTurns();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  sku(): string {
    return this.#random.chance(0.8) ? SKUS[this.#random.below(HOT_SKUS)]! : this.#random.pick(SKUS);
  }

  lines(most: number, quantityMax = 6): LineRequest[] {
    const count = 1 + this.#random.below(most);
    return Array.from({ length: count }, () => ({
      sku: this.#random.chance(0.99) ? this.sku() : "S-none",
      quantity: 1 + this.#random.below(quantityMax),
    }));
  }

  reserve(requestId: string, dealerId: string, changes: object = {}): Extract<Command, { kind: "Reserve" }> {
    const commit = this.#random.chance(0.2);
    return {
      kind: "Reserve",
      requestId,
      dealerId,
      orderId: this.#random.pick(ORDERS),
      warehouseId: this.#random.pick(["", "", "W1", "W1", "W2", "W3"]),
      lines: this.lines(4),
      partial: this.#random.chance(0.4),
      holdMs: commit ? 0 : this.#random.pick([0, 1, 5, 20, 100, 1_000, 10_000, 600_000, HOLD_MAX_MS, HOLD_MAX_MS + 1]),
      commit,
      ...changes,
    };
  }

  change(
    requestId: string,
    dealerId: string,
    reservationId: string,
  ): Extract<Command, { reservationId: string; requestId: string }> {
    const base = { requestId, dealerId, reservationId };
    const lines = this.#random.chance(0.6) ? [] : this.lines(2, 3);
    switch (this.#random.below(5)) {
      case 0:
      case 1:
        return { kind: "Commit", ...base, lines };
      case 2:
      case 3:
        return { kind: "Release", ...base, lines, reason: this.#random.pick(REASONS) };
      default:
        return { kind: "Extend", ...base, holdMs: this.#random.pick([0, 1, 50, 5_000, HOLD_MAX_MS]) };
    }
  }

  read(dealerId: string, reservationId: string): Command {
    const page = { pageSize: this.#random.pick([1, 3, 1_000, 1_000]), pageToken: "" };
    switch (this.#random.below(4)) {
      case 0:
        return { kind: "GetReservation", dealerId, reservationId };
      case 1:
        return { kind: "GetStock", warehouseId: this.#random.pick(["W1", "W1", "W2", "W3"]), sku: this.sku(), ...page };
      case 2:
        return { kind: "GetPolicy", scope: this.scope() };
      default:
        return {
          kind: "ListReservations",
          dealerId,
          orderId: this.#random.pick(["", "", ...ORDERS]),
          warehouseId: this.#random.pick(["", "", "W1"]),
          sku: this.#random.chance(0.7) ? "" : this.sku(),
          states: this.#random.chance(0.5) ? [] : [this.#random.pick(STATES), this.#random.pick(STATES)],
          ...page,
        };
    }
  }

  putDealer(dealerId: string): Command {
    const warehouseId = this.#random.pick(WAREHOUSES);
    return { kind: "PutDealer", dealer: { dealerId, name: "", warehouseId }, attribution: ATTRIBUTION };
  }

  scope(): PolicyScope {
    const none = { warehouseId: "", sku: "", dealerId: "" };
    const warehouseId = this.#random.pick(WAREHOUSES);
    return this.#random.pick([
      none,
      { ...none, warehouseId },
      { ...none, warehouseId, sku: this.sku() },
      { ...none, dealerId: this.#random.pick(DEALERS) },
    ]);
  }

  /** Only fields that mean something in the scope: others are refused at the edge, before any decision. */
  putPolicy(): Command {
    const scope = this.scope();
    const forStock = scope.dealerId === "";
    const forHold = scope.sku === "";
    const forPlace = forStock && forHold;
    const set = (isMeant: boolean) => isMeant && this.#random.chance(0.25);
    const fields: PolicyFields = {
      ...(set(forStock) ? { safetyStock: this.#random.below(4) } : {}),
      ...(set(forStock) ? { lowAt: this.#random.below(12) } : {}),
      ...(set(forHold && scope.warehouseId === "") ? { openReservationsMax: 3 + this.#random.below(20) } : {}),
      ...(set(forHold) ? { holdDefaultMs: this.#random.pick([5, 500, 20_000, 900_000]) } : {}),
      ...(set(forHold) ? { holdMaxMs: this.#random.pick([100, 10_000, HOLD_MAX_MS]) } : {}),
      ...(set(forPlace) ? { degradedBufferUnits: this.#random.below(4) } : {}),
      ...(set(forPlace) ? { degradedBufferPercent: this.#random.pick([0, 12, 50, 100]) } : {}),
      ...(set(forPlace) ? { degradedBufferSpanMs: this.#random.pick([1, 1_000, 7_001, 20_000]) } : {}),
      ...(set(forPlace) ? { driftAction: this.#random.pick(["ASK", "HEAL"] as const) } : {}),
      ...(set(forPlace) ? { driftThresholdUnits: this.#random.below(3) } : {}),
      ...(set(forPlace) ? { driftThresholdPercent: this.#random.pick([0, 10]) } : {}),
      ...(set(forPlace) ? { commitOverdueAfterMs: this.#random.pick([1_000, 10_000]) } : {}),
      ...(forHold ? this.#precisions.next() : {}),
    };
    return { kind: "PutPolicy", scope, fields, attribution: ATTRIBUTION };
  }

  /** An ERP event; `reservationId` is one that it may name. */
  body(reservationId: string): ErpBody {
    const random = this.#random;
    const at = { warehouseId: random.pick(["W1", "W1", "W2"]), sku: this.sku() };
    const delta = random.below(13) - 6;
    const named = random.pick([
      { reservationId: "", orderId: "" },
      { reservationId, orderId: "" },
      { reservationId: "", orderId: random.pick(ORDERS) },
    ]);
    const dealerId = random.chance(0.5) ? "" : random.pick(DEALERS);
    switch (random.below(13)) {
      case 0:
        return { kind: "StockAdjusted", ...at, delta, reason: "", reference: "" };
      case 1:
        return { kind: "StockCounted", ...at, onHand: random.below(30) };
      case 2:
        return { kind: "StockBlocked", ...at, delta };
      case 3:
        return { kind: "DemandAllocated", ...at, delta, reference: "" };
      case 4:
      case 5:
      case 6:
        return { kind: "OrderDispatched", ...at, quantity: 1 + random.below(6), ...named, dealerId };
      case 7: {
        const order = named.reservationId === "" ? { reservationId: "", orderId: random.pick(ORDERS) } : named;
        const sku = random.chance(0.5) ? "" : at.sku;
        return { kind: "OrderClosed", ...at, sku, ...order, dealerId, reason: random.pick(REASONS) };
      }
      case 8:
        return { kind: "StockReturned", ...at, quantity: 1 + random.below(3), orderId: "", dealerId: "" };
      default:
        return {
          kind: "StockReceived",
          ...at,
          quantity: random.chance(0.1) ? 26 : 1 + random.below(20),
          reference: "",
        };
    }
  }
}
