/** Random requests of callers, operators and the ERP, from a seed: few dealers, SKUs and orders, so that they meet. */
import type { Command, LineRequest } from "../../../src/domain/command.js";
import type { ErpBody, IncomingErpEvent } from "../../../src/domain/erp-event.js";
import type { PolicyFields, PolicyScope } from "../../../src/domain/policy.js";
import type { SeededRandom } from "../../journal/seeded-random.js";
import { PrecisionTurns } from "../precision-turns.js";
import type { Request } from "./request.js";

const WAREHOUSES = ["W1", "W2"];
const SKUS = ["S0", "S1", "S2", "S3", "S4", "S5"];
const DEALERS = ["D1", "D2", "D3"];
const ORDERS = ["O1", "O2", "O3"];
const SOURCES = ["erp", "wms"];
const STATES = ["PENDING", "COMMITTED", "FULFILLED", "RELEASED", "EXPIRED"] as const;
const REASONS = ["CANCELLED", "REJECTED", "DISPATCH_FAILED"] as const;
const HOLDS_MS = [0, 0, 0, 1, 1_000, 30_000, 600_000, 600_000, 600_000, 24 * 3_600_000, 24 * 3_600_000 + 1];
const ATTRIBUTION = { actor: "", reason: "" };
const RECENT = 40;

export class RandomRequests {
  readonly #random: SeededRandom;
  readonly #precisions = new PrecisionTurns();
  /** The newest reservations that answers named, newest last. */
  readonly #known: { readonly id: string; readonly dealerId: string }[] = [{ id: "unknown", dealerId: "D1" }];
  readonly #sent: Command[] = [];
  readonly #events: IncomingErpEvent[] = [];
  readonly #tokens = new Map<string, Command>();
  readonly #next = new Map(SOURCES.map((source) => [source, 1]));
  /** A sequence that the service said it misses; a connector sends it again. */
  readonly #missing = new Map<string, number>();
  readonly #heard = new Set<string>();
  #requests = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Ids and page tokens that an answer named, for later requests. */
  learn(request: Request, value: unknown): void {
    if (request.kind === "erp" || request.kind === "heartbeat") {
      const { missing } = value as { missing: readonly { first: number }[] };
      const source = request.kind === "erp" ? request.event.source : request.source;
      this.#heard.add(source);
      if (missing[0] !== undefined) this.#missing.set(source, missing[0].first);
    }
    const answer = value as { reservation?: { id: string; dealerId: string }; nextPageToken?: string };
    const { reservation } = answer;
    if (reservation !== undefined && !this.#known.some(({ id }) => id === reservation.id)) {
      this.#known.push({ id: reservation.id, dealerId: reservation.dealerId });
      if (this.#known.length > RECENT) this.#known.shift();
    }
    if (answer.nextPageToken && request.kind === "command") this.#tokens.set(answer.nextPageToken, request.command);
  }

  next(): Request {
    const choice = this.#random.below(100);
    if (choice < 24) return this.#erp();
    if (choice < 27) return this.#heartbeat();
    if (choice < 30) return { kind: "sourceStatus", source: this.#pick([...SOURCES, "nobody"]) };
    const command = choice < 34 ? this.#repeat() : this.#command(choice);
    if ("requestId" in command) {
      this.#sent.push(command);
      if (this.#sent.length > 200) this.#sent.shift();
    }
    return { kind: "command", command };
  }

  #command(choice: number): Command {
    if (choice < 58) return this.#reserve();
    if (choice < 81) return this.#change();
    if (choice < 91) return this.#read();
    if (choice < 93) return this.#page();
    if (choice === 93) {
      const dealer = { dealerId: this.#pick(DEALERS), name: "", warehouseId: this.#random.chance(0.7) ? "W1" : "W2" };
      return { kind: "PutDealer", dealer, attribution: ATTRIBUTION };
    }
    const scope = this.#scope();
    if (choice < 96) return { kind: "GetPolicy", scope };
    if (choice < 98) return this.#change();
    return { kind: "PutPolicy", scope, fields: this.#fields(scope), attribution: ATTRIBUTION };
  }

  #reserve(): Command {
    const commit = this.#random.chance(0.25);
    return {
      kind: "Reserve",
      requestId: this.#requestId(),
      dealerId: this.#dealer(),
      orderId: this.#pick(ORDERS),
      warehouseId: this.#pick(["", "", "W1", "W1", "W1", "W1", "W2", this.#random.chance(0.2) ? "W3" : "W1"]),
      lines: this.#lines(1, 4),
      partial: this.#random.chance(0.4),
      holdMs: commit ? 0 : this.#pick(HOLDS_MS),
      commit,
    };
  }

  #change(): Command {
    const base = { requestId: this.#requestId(), ...this.#named() };
    const lines = this.#random.chance(0.6) ? [] : this.#lines(1, 2);
    const choice = this.#random.below(5);
    if (choice < 2) return { kind: "Commit", ...base, lines };
    if (choice < 4) return { kind: "Release", ...base, lines, reason: this.#pick(REASONS) };
    return { kind: "Extend", ...base, holdMs: this.#pick(HOLDS_MS) };
  }

  #read(): Command {
    const warehouseId = this.#pick(["W1", "W1", "W2", "W3"]);
    const page = { pageSize: this.#pick([1, 2, 5, 25, 1_000, 1_000]), pageToken: "" };
    const choice = this.#random.below(3);
    if (choice === 0) return { kind: "GetReservation", ...this.#named() };
    if (choice === 1) return { kind: "GetStock", warehouseId, sku: this.#pick([...SKUS, "S9"]), ...page };
    return {
      kind: "ListReservations",
      dealerId: this.#dealer(),
      orderId: this.#pick(["", "", ...ORDERS]),
      warehouseId: this.#pick(["", "", "W1"]),
      sku: this.#pick(["", "", "", ...SKUS]),
      states: this.#random.chance(0.5) ? [] : [this.#pick(STATES), this.#pick(STATES)],
      ...page,
    };
  }

  /** The next page of a list that was begun. */
  #page(): Command {
    const [token, command] = this.#pick([...this.#tokens, ["", undefined] as const]);
    if (command === undefined) return this.#read();
    this.#tokens.delete(token);
    return { ...command, pageToken: token } as Command;
  }

  /** A retry, now and then with other content, or by the dealer's other name. */
  #repeat(): Command {
    if (this.#sent.length === 0) return this.#reserve();
    const sent = this.#pick(this.#sent);
    if (this.#random.chance(0.7)) return sent;
    if (sent.kind === "Reserve") return { ...sent, lines: this.#lines(1, 2) };
    if (sent.kind === "Extend") return { ...sent, holdMs: sent.holdMs + 1 };
    return { ...sent, dealerId: this.#dealer() } as Command;
  }

  #erp(): Request {
    const source = this.#random.chance(0.95) ? "erp" : "wms";
    const known = this.#events.length === 0 ? undefined : this.#pick(this.#events);
    if (known !== undefined && this.#random.chance(0.05)) {
      const reused = this.#random.chance(0.4) ? { ...known, eventId: `${known.eventId}-other` } : known;
      return { kind: "erp", event: reused };
    }
    const next = this.#next.get(source)!;
    const missing = this.#random.chance(0.4) ? this.#missing.get(source) : undefined;
    this.#missing.delete(source);
    const sequence = missing ?? (this.#random.chance(0.93) ? next : next + 1 + this.#random.below(3));
    if (sequence === next) this.#next.set(source, next + 1);
    const base = { source, sequence, eventId: `${source}-${sequence}` };
    const event: IncomingErpEvent = this.#random.chance(0.02)
      ? { ...base, fault: "INVALID_FIELD: sku", raw: new Uint8Array() }
      : { ...base, occurredAtMs: 0, body: this.#body() };
    this.#events.push(event);
    if (this.#events.length > RECENT) this.#events.shift();
    return { kind: "erp", event };
  }

  #body(): ErpBody {
    const at = { warehouseId: this.#pick(["W1", "W1", "W1", "W2"]), sku: this.#pick(SKUS) };
    const quantity = 1 + this.#random.below(60);
    const delta = this.#random.below(13) - 6;
    const names = this.#orderNames();
    const dealerId = this.#random.chance(0.5) ? "" : this.#dealer();
    switch (this.#random.below(12)) {
      case 0:
        return { kind: "StockAdjusted", ...at, delta, reason: "", reference: "" };
      case 1:
        return { kind: "StockCounted", ...at, onHand: quantity };
      case 2:
        return { kind: "StockBlocked", ...at, delta };
      case 3:
        return { kind: "DemandAllocated", ...at, delta, reference: "" };
      case 4:
      case 5:
      case 6:
        return { kind: "OrderDispatched", ...at, quantity: 1 + this.#random.below(6), ...names, dealerId };
      case 7: {
        const sku = this.#random.chance(0.5) ? "" : at.sku;
        const order = names.reservationId === "" ? { reservationId: "", orderId: this.#pick(ORDERS) } : names;
        return { kind: "OrderClosed", ...at, sku, ...order, dealerId, reason: this.#pick(REASONS) };
      }
      case 8:
        return { kind: "StockReturned", ...at, quantity: 3, orderId: "", dealerId: "" };
      default:
        return { kind: "StockReceived", ...at, quantity, reference: "" };
    }
  }

  #orderNames(): { reservationId: string; orderId: string } {
    const choice = this.#random.below(5);
    if (choice === 0) return { reservationId: "", orderId: "" };
    return choice < 3
      ? { reservationId: this.#named().reservationId, orderId: "" }
      : { reservationId: "", orderId: this.#pick(ORDERS) };
  }

  #scope(): PolicyScope {
    const none = { warehouseId: "", sku: "", dealerId: "" };
    const warehouseId = this.#pick(WAREHOUSES);
    return this.#pick([
      none,
      { ...none, warehouseId },
      { ...none, warehouseId, sku: this.#pick(SKUS) },
      { ...none, dealerId: this.#pick(DEALERS) },
    ]);
  }

  /**
   * Only fields that mean something in the scope: others are refused at the edge, before any decision. No hold beyond the least
   * retention: whether an answer that was past it is known again when the retention grows is the service's choice.
   */
  #fields(scope: PolicyScope): PolicyFields {
    const forStock = scope.dealerId === "";
    const forHold = scope.sku === "";
    const forQuota = forHold && scope.warehouseId === "";
    const set = (chance: number, isMeant: boolean) => isMeant && this.#random.chance(chance);
    return {
      ...(set(0.3, forStock) ? { safetyStock: this.#random.below(4) } : {}),
      ...(set(0.3, forStock) ? { lowAt: this.#random.below(12) } : {}),
      ...(set(0.2, forQuota) ? { openReservationsMax: 3 + this.#random.below(20) } : {}),
      ...(set(0.2, forHold) ? { holdDefaultMs: this.#pick([500, 20_000, 900_000]) } : {}),
      ...(set(0.2, forHold) ? { holdMaxMs: this.#pick([10_000, 3_600_000, 6 * 24 * 3_600_000]) } : {}),
      ...(forHold ? this.#precisions.next() : {}),
    };
  }

  #lines(least: number, most: number): LineRequest[] {
    const count = least + this.#random.below(most - least + 1);
    return Array.from({ length: count }, () => ({
      sku: this.#random.chance(0.97) ? this.#pick(SKUS) : "S9",
      quantity: 1 + this.#random.below(8),
    }));
  }

  #dealer(): string {
    return this.#random.chance(0.8) ? "D1" : this.#pick(["D2", "D3", "D4"]);
  }

  /** A reservation, mostly a late one, mostly by its own dealer. */
  #named(): { dealerId: string; reservationId: string } {
    const { id, dealerId } = this.#pick(this.#random.chance(0.7) ? this.#known.slice(-8) : this.#known);
    return { dealerId: this.#random.chance(0.93) ? dealerId : this.#dealer(), reservationId: id };
  }

  #requestId(): string {
    this.#requests += 1;
    return this.#random.chance(0.98) ? `r${this.#requests}` : `r${this.#random.below(this.#requests)}`;
  }

  /** Of a source that the service has heard of. */
  #heartbeat(): Request {
    const source = this.#random.pick([...this.#heard, ""]);
    if (source === "") return this.#erp();
    return { kind: "heartbeat", source, lastSequence: Math.max(0, this.#next.get(source)! - this.#random.below(3)) };
  }

  #pick<T>(items: readonly T[]): T {
    return this.#random.pick(items);
  }
}
