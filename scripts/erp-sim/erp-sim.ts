/**
 * A simulated ERP that is connected to a service: its books, its shipping, and a link that can be told to misbehave. It speaks
 * the same gRPC as any connector, by means of the published client. It can be embedded; main.ts makes a process of it.
 *
 * 1. The ERP works on while the connection is pulled out; what it booked meanwhile is sent when it is plugged in again.
 * 2. Every event that was not lost by the link is sent until it is acknowledged.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  Disposition,
  type OrderEvent,
  OrderEventType,
  type PositionInput,
  type PositionsRequest,
} from "../../src/client/index.js";
import { SeededRandom } from "../../test/journal/seeded-random.js";
import { ErpTruth, type TruthEvent, type TruthSize } from "./erp-truth.js";
import { FaultyLink, type LinkFaults } from "./faulty-link.js";
import type { SimOrder } from "./orders.js";
import { Outlet } from "./outlet.js";
import { type DispatchDelay, type OrderNews, ShippingDesk } from "./shipping-desk.js";
import { type SimCounts, type SimReport, warehouseTruths } from "./sim-report.js";

export interface ErpSimOptions extends TruthSize, DispatchDelay {
  /** HOST:PORT of the service. */
  readonly address: string;
  /** Between two things that happen of their own accord; 0 for none. */
  readonly happenEveryMs: number;
  readonly heartbeatMs: number;
  readonly faults: LinkFaults;
  /** Told in words what a person would want to know. */
  readonly log: (line: string) => void;
}

const TICK_MS = 50;
/** At the end: how long what is left may take to be acknowledged. */
const FLUSH_MS = 10_000;

export class ErpSim {
  readonly truth: ErpTruth;
  readonly #options: ErpSimOptions;
  readonly #link: FaultyLink<TruthEvent>;
  readonly #desk: ShippingDesk;
  #outlet: Outlet | undefined;
  #timer: NodeJS.Timeout | undefined;
  #cursor = "";
  /** Of the events, sent off on the connection that there is now. */
  #departed = 0;
  #isQuiet = false;
  #isStopped = false;
  #happensAtMs = 0;
  readonly #counts = { sent: 0, acknowledged: 0, rejected: 0, drift: 0, positionRuns: 0, driftFound: 0, outages: 0 };

  constructor(options: ErpSimOptions) {
    const { seed, faults } = options;
    this.#options = options;
    this.truth = new ErpTruth(options);
    // Each has chance of its own, so that a fault that is told does not change what happens in the warehouse.
    this.#link = new FaultyLink(new SeededRandom(seed + 1));
    this.#desk = new ShippingDesk(options, new SeededRandom(seed + 2));
    this.#link.faults = faults;
  }

  /** Plugs in, opens the warehouses with goods, and works from then on. Throws where the service has events of this source already. */
  async start(): Promise<void> {
    await this.#plugIn();
    if (this.#isStopped) return;
    if (this.#departed > 0) {
      await this.#pullOut();
      throw new Error(
        `the service has ${this.#departed} events of source ${this.#options.source}: books that begin anew need another source, or a fresh service`,
      );
    }
    const nowMs = Date.now();
    this.truth.open(nowMs);
    this.#happensAtMs = nowMs + this.#options.happenEveryMs;
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Does what it is told; `status` and `quit` are the caller's. */
  async obey(order: SimOrder): Promise<void> {
    const nowMs = Date.now();
    switch (order.kind) {
      case "faults":
        this.#link.faults = { ...this.#link.faults, ...order.change };
        return;
      case "away":
        if (this.#outlet !== undefined) this.#counts.outages += 1;
        return this.#pullOut();
      case "back":
        if (this.#outlet === undefined) await this.#plugIn();
        return;
      case "count":
        return this.truth.count(order.number, nowMs);
      case "drift":
        this.#counts.drift += this.truth.drift(order.number);
        return;
      case "happen":
        for (let left = order.number; left > 0; left--) this.truth.happen(nowMs);
        return;
      case "quiet":
      case "busy":
        this.#isQuiet = order.kind === "quiet";
        return;
      case "status":
      case "quit":
        return;
    }
  }

  counts(): SimCounts {
    const { source, seed } = this.#options;
    const { sent, acknowledged, rejected, drift, positionRuns, driftFound, outages } = this.#counts;
    return {
      source,
      seed,
      plugged_in: this.#outlet !== undefined,
      settled: this.#isSettled,
      last_sequence: this.truth.lastSequence,
      events_sent: sent,
      events_acknowledged: acknowledged,
      events_rejected: rejected,
      events_lost: this.#link.lost,
      events_repeated: this.#link.repeated,
      events_reordered: this.#link.reordered,
      dispatched_units: this.#desk.units,
      dispatched_orders: this.#desk.dispatchedOrders,
      open_orders: this.#desk.openOrders,
      open_units: this.#desk.openUnits,
      drift_injected: drift,
      position_runs: positionRuns,
      drift_found: driftFound,
      outages,
    };
  }

  report(): SimReport {
    return { ...this.counts(), warehouses: warehouseTruths(this.truth.stocks()) };
  }

  /** Works no more, sends what is left where it is plugged in, and unplugs. */
  async stop(): Promise<SimReport> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    if (this.#outlet?.isOpen === true) {
      this.#depart(Date.now());
      this.#outlet.send(this.#link.drain());
      this.#outlet.announce(this.#link.passed);
      await Promise.race([this.#outlet.flush(), sleep(FLUSH_MS, undefined, { ref: false })]);
    }
    const report = this.report();
    await this.#pullOut();
    return { ...report, plugged_in: false };
  }

  get #isSettled(): boolean {
    const isAllSent = this.#departed === this.truth.lastSequence && this.#link.isEmpty;
    return isAllSent && this.#outlet?.isIdle === true;
  }

  #tick(): void {
    const nowMs = Date.now();
    const { happenEveryMs } = this.#options;
    for (; happenEveryMs > 0 && this.#happensAtMs <= nowMs; this.#happensAtMs += happenEveryMs) {
      if (!this.#isQuiet) this.truth.happen(nowMs);
    }
    this.#desk.shipDue(nowMs, (line) => this.truth.dispatch(line, nowMs));
    if (this.#outlet?.isOpen !== true) return;
    this.#depart(nowMs);
    this.#outlet.send(this.#link.arrivals(nowMs));
    this.#outlet.announce(this.#link.passed);
  }

  #depart(nowMs: number): void {
    for (const event of this.truth.eventsAfter(this.#departed)) {
      this.#link.depart(event, nowMs);
      this.#departed = event.sequence;
    }
  }

  async #plugIn(): Promise<void> {
    const { source, address, heartbeatMs, log } = this.#options;
    const outlet = new Outlet({
      address,
      source,
      heartbeatMs,
      cursor: this.#cursor,
      log,
      onSent: () => {
        this.#counts.sent += 1;
      },
      onAcknowledged: (sequence, disposition) => this.#acknowledged(sequence, disposition),
      onOrder: (event, cursor) => {
        this.#cursor = cursor;
        const news = event && newsOf(event);
        if (news !== undefined) this.#desk.hear(news, Date.now());
      },
      positions: (request) => this.#positions(request),
      onRun: (drifted) => {
        this.#counts.positionRuns += 1;
        this.#counts.driftFound += drifted;
      },
    });
    this.#outlet = outlet;
    const applied = await outlet.open();
    // Pulled out again while it waited for the service.
    if (applied === undefined) return;
    this.#departed = applied;
    log(`connected: the service has ${applied} of ${Math.max(applied, this.truth.lastSequence)} events of ${source}`);
  }

  async #pullOut(): Promise<void> {
    const outlet = this.#outlet;
    this.#outlet = undefined;
    this.#link.cut();
    await outlet?.close();
  }

  #acknowledged(sequence: number, disposition: Disposition): void {
    this.#counts.acknowledged += 1;
    if (disposition === Disposition.REJECTED) this.#counts.rejected += 1;
    // In effect, and so is everything before it or it was passed over: none of it is ever sent again.
    if (disposition === Disposition.APPLIED) this.truth.forgetThrough(sequence);
  }

  *#positions(request: PositionsRequest): Generator<PositionInput[]> {
    let batch: PositionInput[] = [];
    for (const position of this.truth.positions(request)) {
      batch.push(position);
      if (batch.length < 500) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }
}

const NEWS_KIND: Partial<Record<OrderEventType, OrderNews["kind"]>> = {
  [OrderEventType.COMMITTED]: "committed",
  [OrderEventType.DISPATCHED]: "dispatched",
  [OrderEventType.RELEASED]: "released",
};

function newsOf(event: OrderEvent): OrderNews | undefined {
  const kind = NEWS_KIND[event.type];
  if (kind === undefined) return undefined;
  const { reservationId, dealerId, warehouseId } = event;
  const lines = event.lines.map(({ sku, quantity, remaining }) => ({
    sku,
    quantity: Number(quantity),
    remaining: Number(remaining),
  }));
  return { kind, reservationId, dealerId, warehouseId, lines };
}
