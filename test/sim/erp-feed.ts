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
  /** Sequences that it has lost, and does not say again but by accident. */
  readonly #lost: Set<number>;
  /** It says that it is alive. */
  readonly #hasHeartbeats: boolean;
  #awayUntilUs = 0;
  #runs = 0;

  /** `before`: the same ERP in another world, which remembers what it said there. */
  constructor(world: World, source: string, callers: Callers, before?: ErpFeed) {
    this.#world = world;
    this.#source = source;
    this.#callers = callers;
    this.#orders = new Orders(world.random);
    this.#said = before === undefined ? [] : [...before.#said];
    this.#lost = new Set(before === undefined ? [] : before.#lost);
    this.#hasHeartbeats = before === undefined ? world.random.chance(0.8) : before.#hasHeartbeats;
  }

  get source(): string {
    return this.#source;
  }

  /** Sequence of the last event. */
  get last(): number {
    return this.#said.length;
  }

  /** Nothing is heard of it. */
  get isAway(): boolean {
    return this.#world.time.nowUs < this.#awayUntilUs;
  }

  goAway(durationUs: number): void {
    const { time, coverage } = this.#world;
    coverage.count("ERP: it was away for a while");
    this.#awayUntilUs = time.nowUs + durationUs;
    this.#world.note(`${this.#source} goes away for ${durationUs}`);
    time.in(durationUs, () => {
      if (!this.isAway) this.#isBack();
    });
  }

  /** It is there, if it was not, and tells so: of what has just happened, where it has no other way. */
  comeBack(): void {
    this.#awayUntilUs = 0;
    this.#isBack();
    if (this.#hasHeartbeats) return;
    const sign: ErpBody = { kind: "StockReceived", warehouseId: "W1", sku: SKUS[0]!, quantity: 1, reference: "" };
    this.#offer({ ...this.#next(sign), occurredAtMs: 0 });
  }

  /** It tells what was found there, less than was promised now and then, what came in after that, and that it is alive. */
  #isBack(): void {
    const { random, isCalm, time } = this.#world;
    if (!isCalm && random.chance(0.6)) {
      for (const sku of SKUS.slice(0, 4)) {
        const at = { warehouseId: random.pick(WAREHOUSES), sku };
        this.#count(at);
        const received: ErpBody = { kind: "StockReceived", ...at, quantity: 20, reference: "" };
        if (random.chance(0.9)) time.in(random.below(30_000), () => this.#offer(this.#next(received)));
      }
    }
    this.heartbeat();
    this.catchUp();
  }

  #count({ warehouseId, sku }: { readonly warehouseId: string; readonly sku: string }): void {
    this.#offer(this.#next({ kind: "StockCounted", warehouseId, sku, onHand: this.#world.random.below(4) }));
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
    if (choice < 60) this.#say();
    else if (choice < 68) this.#sayLate();
    else if (choice < 71) this.#report();
    else if (choice < 80) this.heartbeat();
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

  /**
   * Tells what it has of some stocks, each as of some sequence not long ago: what the oracle says that it has, or now and then
   * something else. Other events are told meanwhile.
   */
  #report(): void {
    const { random, coverage, oracle } = this.#world;
    this.#ask({ kind: "sourceStatus", source: this.#source }, (told) => {
      if (told.kind !== "answered") return;
      const { appliedSequence } = told.value as { appliedSequence: number };
      if (appliedSequence === 0) return;
      const skus = [...new Set([...SKUS.slice(0, 4), ...Array.from({ length: 4 }, () => random.pick(SKUS))])];
      const positions = skus.map((sku) => {
        const asOfSequence = Math.max(1, appliedSequence - random.below(12));
        const at = { warehouseId: random.pick(WAREHOUSES), sku, asOfSequence };
        const { onHand, unavailable } = oracle.truth(this.#source, at);
        if (asOfSequence < appliedSequence)
          coverage.count("positions were compared while later events had been applied");
        if (random.chance(0.7)) return { ...at, onHand, unavailable };
        coverage.count("ERP: a position was wrong");
        return { ...at, onHand: onHand + 1 + random.below(3), unavailable: unavailable + random.below(2) };
      });
      this.#runs += 1;
      const run = { source: this.#source, runId: `${this.#source}-run-${this.#world.seed}-${this.#runs}` };
      this.#ask({ kind: "positions", ...run, positions }, (begun) => {
        if (begun.kind !== "answered") return;
        this.#ask({ kind: "positionsEnd", ...run }, (ended) => this.#hearRun(ended));
      });
    });
  }

  #hearRun(told: Told): void {
    if (told.kind !== "answered") return;
    const { drifted, healed } = told.value as { readonly drifted: number; readonly healed: number };
    this.#world.coverage.count("positions drifted", drifted);
    this.#world.coverage.count("a stock was healed", healed);
  }

  /** Says that it is alive and how far it is, if it ever does: what an earlier process was told of that is not remembered. */
  heartbeat(): void {
    if (!this.#hasHeartbeats) return;
    this.#ask({ kind: "heartbeat", source: this.#source, lastSequence: this.last }, (told) => this.#hear(told));
  }

  #say(): void {
    const { random, coverage, faults, time } = this.#world;
    const event = this.#draw();
    if (!random.chance(faults.erpFault / 1000)) {
      this.#offer(event);
      return;
    }
    switch (random.below(5)) {
      case 0:
        coverage.count("ERP: an event was lost, and sent again later");
        return;
      case 4:
        coverage.count("ERP: an event was lost for ever");
        this.#lost.add(event.sequence);
        if ("body" in event && event.body.sku !== "" && random.chance(0.5)) this.#count(event.body);
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

  /** Something that was lost turns up. */
  #sayLate(): void {
    const { random } = this.#world;
    if (this.#lost.size === 0) return;
    const sequence = random.pick([...this.#lost]);
    this.#offer(this.#said[sequence - 1]!, (told) => {
      if (told.kind !== "answered") return;
      const { disposition, reason } = told.value as { readonly disposition: string; readonly reason: string };
      if (reason === "SUPERSEDED") this.#world.coverage.count("a late event was superseded");
      if (disposition === "APPLIED" || disposition === "REJECTED") {
        this.#world.coverage.count("ERP: an event came after it was passed over");
      }
    });
  }

  /** Undoes an event of the newest, one that was undone before, or one that never was. */
  #undo(): ErpBody | undefined {
    const { random, coverage } = this.#world;
    const undoable = this.#said.slice(-60).filter((one) => "body" in one && one.body.sku !== "");
    const event = random.chance(0.3)
      ? undoable.findLast((one) => "body" in one && one.body.kind === "OrderDispatched")
      : undoable.length === 0
        ? undefined
        : random.pick(undoable);
    if (event === undefined || !("body" in event)) return undefined;
    const { warehouseId, sku } = event.body;
    const isOther = random.chance(0.05);
    const reversedEventId = isOther ? `${this.#source}-never` : event.eventId;
    const wasUndone = this.#said.some(
      (one) => "body" in one && one.body.kind === "EventReversed" && one.body.reversedEventId === reversedEventId,
    );
    coverage.count(wasUndone ? "ERP: an event was undone twice" : "ERP: an event was undone");
    return { kind: "EventReversed", warehouseId, sku, reversedEventId };
  }

  #draw(): IncomingErpEvent {
    const { random, coverage } = this.#world;
    const undoing = random.chance(0.08) ? this.#undo() : undefined;
    if (undoing !== undefined) return this.#next(undoing);
    if (random.chance(0.02)) {
      coverage.count("ERP: an event that cannot be taken");
      const sequence = this.last + 1;
      const base = { source: this.#source, sequence, eventId: `${this.#source}-${sequence}` };
      const event = { ...base, fault: "INVALID_FIELD: sku", raw: new Uint8Array([1, 2, 3]) };
      this.#said.push(event);
      return event;
    }
    if (random.chance(0.1)) return this.#next(this.#dispatch());
    const { id, state } = this.#callers.anyReservation();
    const body = this.#orders.body(id);
    if (body.kind === "StockCounted") coverage.count("ERP: a count contradicted");
    const hasEnded = state === "RELEASED" || state === "EXPIRED";
    if (body.kind === "OrderDispatched" && body.reservationId === id && hasEnded) {
      coverage.count("ERP: a dispatch for a reservation that had ended");
    }
    return this.#next(body);
  }

  /** Units of an order leave, mostly as many as are open. */
  #dispatch(): ErpBody {
    const { random } = this.#world;
    const { id, warehouseId, sku } = this.#callers.anyCommitted();
    const quantity = 1 + random.below(6);
    return { kind: "OrderDispatched", warehouseId, sku, quantity, reservationId: id, orderId: "", dealerId: "" };
  }

  #next(body: ErpBody): IncomingErpEvent {
    const sequence = this.last + 1;
    const eventId = `${this.#source}-${sequence}`;
    const { random, calls } = this.#world;
    const occurredAtMs = random.chance(0.5)
      ? 0
      : Math.floor(calls.serviceMs) - random.pick([0, 5, 300, 3_000, 90_000_000]);
    const event = { source: this.#source, sequence, eventId, occurredAtMs, body };
    this.#said.push(event);
    return event;
  }

  #offer(event: IncomingErpEvent, hear: (told: Told) => void = () => {}): void {
    this.#ask({ kind: "erp", event }, (told) => {
      hear(told);
      this.#hear(told);
    });
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
    for (const event of this.#said.slice(first - 1, Math.min(last, first + 40))) {
      if (!this.#lost.has(event.sequence)) this.#offer(event);
    }
  }

  #ask(request: Parameters<World["calls"]["ask"]>[1], hear: (told: Told) => void): void {
    if (this.isAway) return;
    this.#world.calls.ask(this.#world.node, request, hear);
  }
}
