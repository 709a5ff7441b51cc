/**
 * Dealers' notifications in a simulated world: one consumer for each dealer, which keeps its cursor, goes away and comes back, at
 * times with an older one, and is told by each process in turn. Each is to be told all of its own, in order, each event as it is in
 * the durable records, nothing of anybody else's, and nothing that is not durable.
 */
import type { OrderEvent, OrderMessage, OrderWatch } from "../../src/actor/service.js";
import type { LogNode } from "../../src/compose/log-node.js";
import type { Refusal } from "../../src/domain/refusal.js";
import { segmentPath } from "../../src/journal/segment.js";
import { SeededRandom } from "../journal/seeded-random.js";
import { DEALERS, STRANGER } from "./orders.js";
import { FOLDER } from "./simulated-process.js";
import { describe, Finding } from "./simulation-context.js";
import type { World } from "./world.js";

/** Nobody of this name ever orders. */
const NEVER = "D-never";
/** Cursors that a consumer remembers beside the newest. */
const OLDER_MAX = 8;
const SLOW_US = 200_000;
/** A cursor that cannot be gone on from, a read of the journal and a rest included. */
const SETTLED_WITHIN_S = 10;

interface Kept {
  readonly cursor: string;
  /** How many of its own were told up to there; undefined after some were cut off, until one is told. */
  readonly told: number | undefined;
}

class Consumer {
  watch: OrderWatch | undefined;
  node: LogNode | undefined;
  /** The place that it goes on from. */
  kept: Kept = { cursor: "", told: 0 };
  older: Kept[] = [];
  /** Its cursor is of the world before this one. */
  isPast = false;
  /** Since it was refused its cursor, it was told something. */
  isHeard = false;

  constructor(readonly dealerId: string) {}
}

export class OrderConsumers {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #consumers: readonly Consumer[];

  /** `before`: those of the world whose backup this one goes on from. */
  constructor(world: World, before?: OrderConsumers) {
    this.#world = world;
    this.#random = new SeededRandom(world.seed ^ 0x0dea1e25);
    this.#consumers = [...DEALERS, STRANGER, NEVER].map((dealerId) => new Consumer(dealerId));
    for (const [index, consumer] of this.#consumers.entries()) {
      const cursor = before === undefined ? "" : before.#consumers[index]!.kept.cursor;
      if (cursor !== "") Object.assign(consumer, { kept: { cursor, told: undefined }, isPast: true });
    }
  }

  /** One of them does something. */
  move(): void {
    const consumer = this.#random.pick(this.#consumers);
    if (this.#isGone(consumer)) this.#connect(consumer);
    else if (this.#random.chance(0.1)) this.#leave(consumer);
  }

  /** Everybody is told everything, each from where he is. To be called in calm water. */
  async settle(): Promise<void> {
    for (let second = 0; second < SETTLED_WITHIN_S; second++) {
      for (const consumer of this.#consumers) if (this.#isGone(consumer)) this.#connect(consumer);
      await this.#world.time.advance(1_000_000);
      this.#world.check();
      if (this.#consumers.every((consumer) => this.#isToldAll(consumer))) return;
    }
    const lacking = this.#consumers.filter((consumer) => !this.#isToldAll(consumer));
    const all = lacking.map(({ dealerId, kept }) => {
      return `${dealerId} was told ${kept.told} of ${this.#world.orders.of(dealerId).length}`;
    });
    throw new Finding(`P14: in calm water ${all.join(", ")}`);
  }

  /** Whoever was cut off and is told nothing since has nothing that is kept. */
  #isToldAll({ isHeard, dealerId, kept }: Consumer): boolean {
    return isHeard && (kept.told === undefined || kept.told === this.#world.orders.of(dealerId).length);
  }

  /** The journal does not begin with its first segment any more. */
  #isCut(): boolean {
    return !this.#world.disk.memory.has(segmentPath(FOLDER, 1));
  }

  #isGone({ watch, node }: Consumer): boolean {
    return watch === undefined || node !== this.#world.node;
  }

  #leave(consumer: Consumer): void {
    const { coverage } = this.#world;
    consumer.watch?.close();
    consumer.watch = undefined;
    if (consumer.older.length === 0 || !this.#random.chance(0.5)) return;
    consumer.kept = this.#random.pick(consumer.older);
    coverage.count("a dealer went on from an older cursor");
  }

  #connect(consumer: Consumer): void {
    const { node } = this.#world;
    if (node === undefined) return;
    const closed: OrderWatch = { next: async () => undefined, close: () => {} };
    consumer.node = node;
    consumer.watch = closed;
    const { cursor } = consumer.kept;
    node.ports.orders
      .watch({ source: "", dealerId: consumer.dealerId, cursor, fromOldest: true })
      .then(async (watch) => {
        if (consumer.watch !== closed || this.#isGone(consumer)) {
          if (!("reason" in watch)) watch.close();
          return;
        }
        consumer.watch = undefined;
        if ("reason" in watch) this.#refused(consumer, watch);
        else {
          if (consumer.isPast) throw new Finding(`${consumer.dealerId} went on from a cursor of before the restore`);
          consumer.watch = watch;
          await this.#follow(consumer, watch);
        }
      })
      .catch((cause) => this.#failed(consumer, node, cause));
  }

  async #follow(consumer: Consumer, watch: OrderWatch): Promise<void> {
    for (;;) {
      const message = await watch.next();
      if (consumer.watch !== watch || this.#isGone(consumer)) return;
      if (message === undefined || "reason" in message) {
        consumer.watch = undefined;
        if (message !== undefined) this.#refused(consumer, message);
        return;
      }
      this.#told(consumer, message);
      if (this.#random.chance(0.2)) await this.#rest();
      // What a process that has ended would tell, nobody hears: it reads what another writes by now.
      if (consumer.watch !== watch || this.#isGone(consumer)) return;
    }
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => this.#world.time.in(this.#random.below(SLOW_US), resolve));
  }

  #told(consumer: Consumer, { event, cursor }: OrderMessage): void {
    const { coverage } = this.#world;
    // The oldest that is kept is not the first of all after a cut.
    if (consumer.kept.cursor === "" && this.#isCut()) consumer.kept = { cursor: "", told: undefined };
    let { told } = consumer.kept;
    if (event !== undefined) {
      told = this.#check(consumer, event) + 1;
      coverage.count("a dealer was told of his order");
      if (event.type === "RESUBMISSION_NEEDED") coverage.count("a dealer was told to send his order again");
    }
    consumer.older = [...consumer.older.slice(-OLDER_MAX), consumer.kept].filter((one) => one.cursor !== "");
    consumer.kept = { cursor, told };
    consumer.isHeard = true;
  }

  /** The place of the event among those of its dealer. */
  #check({ dealerId, kept }: Consumer, event: OrderEvent): number {
    const own = this.#world.orders.of(dealerId);
    // After a cut the first that is told says how far it went.
    const index = kept.told ?? own.findIndex(({ eventId }) => eventId === event.eventId);
    const due = own[index];
    const { eventId, type, revision, orderId, warehouseId, reason, occurredAtMs } = event;
    const lines = event.lines.map(({ quantity, remaining }) => ({ quantity, remaining }));
    const told = {
      eventId,
      type,
      revision,
      dealerId: event.dealerId,
      orderId,
      warehouseId,
      lines,
      reason,
      occurredAtMs,
    };
    if (JSON.stringify(told) === JSON.stringify(due)) return index;
    throw new Finding(
      `P14: ${dealerId} was told ${JSON.stringify(told)}, and it was the turn of ${JSON.stringify(due)}`,
    );
  }

  #refused(consumer: Consumer, { reason, metadata }: Refusal): void {
    const { coverage } = this.#world;
    if (reason === "JOURNAL_UNAVAILABLE" || reason === "SHUTTING_DOWN") return;
    if (reason !== "CURSOR_TOO_OLD" || (!consumer.isPast && !this.#isCut())) {
      throw new Finding(`${consumer.dealerId} was refused his cursor: ${reason}`);
    }
    coverage.count(
      consumer.isPast ? "a dealer's cursor was from before a restore" : "a dealer's cursor was older than what is kept",
    );
    consumer.isPast = false;
    consumer.isHeard = false;
    consumer.older = [];
    consumer.kept = { cursor: metadata.oldest_cursor as string, told: undefined };
  }

  #failed(consumer: Consumer, node: LogNode, cause: unknown): void {
    if (cause instanceof Finding) {
      this.#world.found(cause);
      return;
    }
    if (consumer.node === node) consumer.watch = undefined;
    // Whatever a process that is over says, nobody hears.
    if (this.#world.node !== node || this.#world.isOfAFault(cause)) return;
    this.#world.found(new Finding(`${consumer.dealerId} could not be told: ${describe(cause)}`, { cause }));
  }
}
