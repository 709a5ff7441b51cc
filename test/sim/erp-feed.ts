/**
 * An ERP that tells the service of its stock, over a line that loses, doubles, delays and reorders. It remembers all it has said,
 * and says again what is missing when it hears of that.
 */
import type { ErpBody, IncomingErpEvent } from "../../src/domain/erp-event.js";
import type { Callers } from "./callers.js";
import { Orders, SKUS, WAREHOUSES } from "./orders.js";
import type { Told } from "./service-calls.js";
import type { World } from "./world.js";

interface Range {
  readonly first: number;
  readonly last: number;
}

export class ErpFeed {
  readonly #world: World;
  readonly #source: string;
  readonly #callers: Callers;
  readonly #orders: Orders;
  readonly #said: IncomingErpEvent[];

  /** `before`: the same ERP in another world, which remembers what it said there. */
  constructor(world: World, source: string, callers: Callers, before?: ErpFeed) {
    this.#world = world;
    this.#source = source;
    this.#callers = callers;
    this.#orders = new Orders(world.random);
    this.#said = before === undefined ? [] : [...before.#said];
  }

  get source(): string {
    return this.#source;
  }

  /** Sequence of the last event. */
  get last(): number {
    return this.#said.length;
  }

  /** Goods come in everywhere. */
  begin(): void {
    for (const warehouseId of WAREHOUSES) {
      for (const sku of SKUS) {
        this.#offer(this.#next({ kind: "StockReceived", warehouseId, sku, quantity: 20, reference: "" }));
      }
    }
  }

  move(): void {
    const { random, coverage } = this.#world;
    const choice = random.below(100);
    if (choice < 70) this.#say();
    else if (choice < 80) this.#heartbeat();
    else if (choice < 95) this.catchUp();
    else if (this.#said.length > 0) {
      const event = random.pick(this.#said);
      this.#offer({ ...event, eventId: `${event.eventId}-other` });
      coverage.count("ERP: a sequence was used again for another event");
    }
  }

  /** Asks how far the service is, and says again all that it has not applied. */
  catchUp(): void {
    this.#ask({ kind: "sourceStatus", source: this.#source }, (told) => {
      if (told.kind !== "answered") return;
      const { appliedSequence } = told.value as { appliedSequence: number };
      this.#sayAgain({ first: appliedSequence + 1, last: Math.min(this.last, appliedSequence + 40) });
    });
  }

  #heartbeat(): void {
    this.#ask({ kind: "heartbeat", source: this.#source, lastSequence: this.last }, (told) => this.#hear(told));
  }

  #say(): void {
    const { random, coverage, faults, time } = this.#world;
    const event = this.#draw();
    if (!random.chance(faults.erpFault / 1000)) {
      this.#offer(event);
      return;
    }
    switch (random.below(4)) {
      case 0:
        coverage.count("ERP: an event was lost, and sent again later");
        return;
      case 1:
        coverage.count("ERP: an event was duplicated");
        this.#offer(event);
        time.in(random.below(20_000), () => this.#offer(event));
        return;
      case 2: {
        coverage.count("ERP: events were reordered");
        const after = this.#draw();
        this.#offer(after);
        time.in(random.below(2_000), () => this.#offer(event));
        return;
      }
      default:
        coverage.count("ERP: an event was late");
        time.in(random.below(3_000_000), () => this.#offer(event));
    }
  }

  #draw(): IncomingErpEvent {
    const { random, coverage } = this.#world;
    if (random.chance(0.02)) {
      coverage.count("ERP: an event that cannot be taken");
      const sequence = this.last + 1;
      const base = { source: this.#source, sequence, eventId: `${this.#source}-${sequence}` };
      const event = { ...base, fault: "INVALID_FIELD: sku", raw: new Uint8Array([1, 2, 3]) };
      this.#said.push(event);
      return event;
    }
    const { id, state } = this.#callers.anyReservation();
    const body = this.#orders.body(id);
    if (body.kind === "StockCounted") coverage.count("ERP: a count contradicted");
    const hasEnded = state === "RELEASED" || state === "EXPIRED";
    if (body.kind === "OrderDispatched" && body.reservationId === id && hasEnded) {
      coverage.count("ERP: a dispatch for a reservation that had ended");
    }
    return this.#next(body);
  }

  #next(body: ErpBody): IncomingErpEvent {
    const sequence = this.last + 1;
    const eventId = `${this.#source}-${sequence}`;
    const event = { source: this.#source, sequence, eventId, occurredAtMs: 0, body };
    this.#said.push(event);
    return event;
  }

  #offer(event: IncomingErpEvent): void {
    this.#ask({ kind: "erp", event }, (told) => this.#hear(told));
  }

  /** What is missing is said again, mostly. */
  #hear(told: Told): void {
    const { random, coverage, time } = this.#world;
    if (told.kind !== "answered") return;
    const { disposition, missing } = told.value as { disposition: string; missing: readonly Range[] };
    if (disposition === "BUFFERED") coverage.count("an event waited ahead of a gap");
    const [first] = missing;
    if (first !== undefined && random.chance(0.5)) time.in(random.below(30_000), () => this.#sayAgain(first));
  }

  #sayAgain({ first, last }: Range): void {
    for (const event of this.#said.slice(first - 1, Math.min(last, first + 40))) this.#offer(event);
  }

  #ask(request: Parameters<World["calls"]["ask"]>[1], hear: (told: Told) => void): void {
    this.#world.calls.ask(this.#world.node, request, hear);
  }
}
