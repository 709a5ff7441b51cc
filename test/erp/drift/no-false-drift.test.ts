/**
 * An ERP with its own truth, read while it moves: its events are on their way, held up, lost and skipped, its positions are read stock by
 * stock. Nothing drifts but what was changed behind the events' back, and that is found, each time, and healed to the ERP's truth.
 */
import { expect, test } from "vitest";
import type { Outcome, PositionRunPort } from "../../../src/actor/service.js";
import type { DriftCounts, Position } from "../../../src/domain/drift.js";
import type { ErpBody, ErpEvent } from "../../../src/domain/erp-event.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { NodeHarness } from "../../node/node-harness.js";

const STOCKS = 8;
const ROUNDS = 40;
const PLAYS = 12;

/** What an ERP has, and what it says of that. */
class Erp {
  readonly truth = new Map<string, { onHand: number; unavailable: number }>();
  readonly events: ErpEvent[] = [];

  constructor(readonly random: SeededRandom) {}

  get sequence(): number {
    return this.events.length;
  }

  move(): void {
    // The assortment grows while the ERP is read.
    const sku = `S${this.random.below(STOCKS + this.sequence / 10)}`;
    const has = this.truth.get(sku) ?? { onHand: 0, unavailable: 0 };
    this.truth.set(sku, has);
    const of = { warehouseId: "W1", sku };
    const quantity = 1 + this.random.below(9);
    let body: ErpBody;
    switch (has.unavailable === 0 && has.onHand > 0 && this.random.below(3) === 0 ? "sold out" : this.random.below(5)) {
      case "sold out":
        body = { kind: "StockAdjusted", ...of, delta: -has.onHand, reason: "", reference: "" };
        has.onHand = 0;
        break;
      case 0:
        body = { kind: "StockAdjusted", ...of, delta: -quantity, reason: "", reference: "" };
        has.onHand -= quantity;
        break;
      case 1:
        body = { kind: "StockBlocked", ...of, delta: quantity };
        has.unavailable += quantity;
        break;
      case 2: {
        const onHand = this.random.below(100);
        body = { kind: "StockCounted", ...of, onHand };
        has.onHand = onHand;
        break;
      }
      case 3:
        body = { kind: "OrderDispatched", ...of, quantity, reservationId: "", orderId: "", dealerId: "" };
        has.onHand -= quantity;
        break;
      default:
        body = { kind: "StockReceived", ...of, quantity, reference: "" };
        has.onHand += quantity;
    }
    const sequence = this.sequence + 1;
    this.events.push({ source: "erp", sequence, eventId: `e${sequence}`, occurredAtMs: 0, body });
  }

  position(sku: string): Position {
    return { warehouseId: "W1", sku, ...this.truth.get(sku)!, asOfSequence: this.sequence };
  }
}

class Play {
  delivered = 0;
  runs = 0;

  constructor(
    readonly node: NodeHarness,
    readonly erp: Erp,
    readonly random: SeededRandom,
  ) {}

  /** Lets some events arrive, now and then the later ones first. */
  async deliver(count: number): Promise<void> {
    const next = this.erp.events.slice(this.delivered, this.delivered + count);
    this.delivered += next.length;
    if (this.random.below(3) === 0) next.reverse();
    for (const event of next) await this.node.offer(event);
  }

  deliverAll(): Promise<void> {
    return this.deliver(this.erp.sequence - this.delivered);
  }

  /** Reads the whole ERP while it and its events move, and reports it. */
  async report(isStill = false): Promise<DriftCounts> {
    this.runs += 1;
    const full = this.random.below(2) === 0;
    const run = this.node.node.ports.positions.begin({ runId: `run-${this.runs}`, source: "erp", full });
    const skus = [...this.erp.truth.keys()];
    for (const sku of skus) {
      const { onHand, unavailable } = this.erp.truth.get(sku)!;
      // As ERPs do, it does not tell what it has nothing of, but says where it began and ended.
      const isEnd = sku === skus[0] || sku === skus.at(-1);
      if (onHand !== 0 || unavailable !== 0 || !full || isEnd || isStill)
        await tell(this.node, run, this.erp.position(sku));
      for (let moves = isStill ? 0 : this.random.below(4); moves > 0; moves--) this.erp.move();
      if (!isStill && this.random.below(3) === 0) await this.deliver(this.random.below(4));
    }
    return finish(this.node, run);
  }

  /** Of all runs, as they stand once everything has arrived. */
  drifted(): number {
    const { driftRuns } = this.node.node.store.system.state.tables;
    let drifted = 0;
    for (let number = 1; number <= driftRuns.count; number++) drifted += driftRuns.get(number)!.counts.drifted;
    return drifted;
  }
}

async function tell(node: NodeHarness, run: PositionRunPort, position: Position): Promise<void> {
  let outcome: Outcome<undefined> | undefined;
  run.compare([position], (settled) => {
    outcome = settled;
  });
  await node.settle();
  expect(outcome?.kind).toBe("answered");
}

async function finish(node: NodeHarness, run: PositionRunPort): Promise<DriftCounts> {
  let outcome: Outcome<DriftCounts> | undefined;
  run.finish((settled) => {
    outcome = settled;
  });
  await node.settle();
  if (outcome?.kind !== "answered") throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

async function play(seed: number): Promise<Play> {
  const random = new SeededRandom(seed);
  const node = await NodeHarness.start();
  const scope = { warehouseId: "", sku: "", dealerId: "" };
  const attribution = { actor: "", reason: "" };
  await node.ask({ kind: "PutPolicy", scope, fields: { driftAction: "HEAL" }, attribution }, () => "");
  const begun = new Play(node, new Erp(random), random);
  for (let moves = 0; moves < 3 * STOCKS; moves++) begun.erp.move();
  await begun.deliverAll();
  return begun;
}

const seeds = (() => {
  const first = chosenSeed();
  return Array.from({ length: PLAYS }, (_, index) => first + index);
})();

test.each(seeds)("positions read while events are on their way never drift (seed %d)", async (seed) => {
  const game = await play(seed);
  for (let round = 0; round < ROUNDS; round++) {
    for (let moves = game.random.below(6); moves > 0; moves--) game.erp.move();
    if (game.random.below(2) === 0) await game.deliver(game.random.below(8));
    if (game.random.below(3) === 0) await game.report();
  }
  await game.deliverAll();
  expect(game.runs).toBeGreaterThan(0);
  expect(game.drifted()).toBe(0);
  for (const [sku, figures] of game.erp.truth) expect(game.node.figures(sku)).toMatchObject(figures);
});

test.each(seeds)("what was changed without an event is found by the next run, and healed (seed %d)", async (seed) => {
  const game = await play(seed);
  for (let round = 0; round < ROUNDS; round++) {
    for (let moves = game.random.below(6); moves > 0; moves--) game.erp.move();
    // One event is lost for ever: the ERP moved, and nobody was told.
    const skus = [...game.erp.truth.keys()];
    const sku = skus[game.random.below(skus.length)]!;
    game.erp.truth.get(sku)!.onHand += 1 + game.random.below(5);
    const before = game.drifted();
    await game.report(true);
    await game.deliverAll();
    expect(game.drifted()).toBe(before + 1);
    for (const [of, figures] of game.erp.truth) expect(game.node.figures(of)).toMatchObject(figures);
  }
});
