/** What the journal's records tell of orders, line by line, by the commands and events that bring it about. */
import { describe, expect, test } from "vitest";
import type { JournalRecord } from "../../src/domain/event.js";
import type { OrderOutcome } from "../../src/domain/outcome.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import { NodeHarness } from "../node/node-harness.js";

const PLACE = { warehouseId: "W1" };

class Orders {
  readonly ids: string[] = [];
  #requests = 0;
  #read = 0;

  private constructor(readonly node: NodeHarness) {}

  /** 10 of A and 10 of B. */
  static async begin(): Promise<Orders> {
    const orders = new Orders(await NodeHarness.start());
    await orders.node.receive("A", 10);
    await orders.node.receive("B", 10);
    return orders;
  }

  #request() {
    this.#requests += 1;
    return { dealerId: "D1", requestId: `r${this.#requests}` };
  }

  async reserve(units: Readonly<Record<string, number>>, commit = false): Promise<void> {
    const lines = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
    const command = { kind: "Reserve", ...this.#request(), ...PLACE, orderId: "O1", lines, partial: true } as const;
    const outcome = await this.node.ask({ ...command, holdMs: 0, commit }, ({ reservation }) => reservation!.id);
    if (outcome.kind !== "answered") throw new Error(outcome.kind);
    this.ids.push(outcome.value);
  }

  async change(
    kind: "Commit" | "Release" | "Extend",
    reservation: number,
    units: Readonly<Record<string, number>> = {},
  ) {
    const lines = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
    const command = { ...this.#request(), reservationId: this.ids[reservation - 1]!, lines };
    const more = { reason: "DISPATCH_FAILED", holdMs: 1_000 } as const;
    const outcome = await this.node.ask({ kind, ...command, ...more }, () => undefined);
    expect(outcome.kind).toBe("answered");
  }

  async dispatch(sku: string, quantity: number): Promise<void> {
    const order = { reservationId: "", orderId: "O1", dealerId: "" };
    await this.node.erp({ kind: "OrderDispatched", ...PLACE, sku, quantity, ...order });
  }

  async adjust(sku: string, delta: number): Promise<void> {
    await this.node.erp({ kind: "StockAdjusted", ...PLACE, sku, delta, reason: "", reference: "" });
  }

  /** What was told since the last look: one list for each record that told something. */
  async told(): Promise<readonly (readonly string[])[]> {
    const records: JournalRecord[] = [];
    for await (const block of this.node.journal.read(undefined)) records.push(...readRecords(block.body));
    const fresh = records.slice(this.#read);
    this.#read = records.length;
    return fresh.flatMap(({ events }) => {
      const told = events.flatMap((event) => (event.kind === "OutcomesTold" ? [event.outcomes] : []));
      return told.map((outcomes) => outcomes.map(line));
    });
  }
}

function line({ type, reservation, revision, lines, reason }: OrderOutcome): string {
  const units = lines.map((each) => `${each.line}:${each.quantity} of it, ${each.remaining} open`).join("; ");
  return `${reservation}.${revision} ${[type, units, reason].filter((part) => part !== "").join(", ")}`;
}

describe("a record tells", () => {
  test("nothing of a hold that is made or extended, nor of one that is refused its commit", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3, B: 2 });
    await orders.change("Extend", 1);
    expect(await orders.told()).toEqual([]);
  });

  test("that a hold was committed, or made so at once, with what was granted", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3, B: 2 });
    await orders.change("Commit", 1);
    await orders.reserve({ A: 4, B: 9, C: 1 }, true);
    expect(await orders.told()).toEqual([
      ["1.2 COMMITTED, 0:3 of it, 3 open; 1:2 of it, 2 open"],
      ["2.1 COMMITTED, 0:4 of it, 4 open; 1:8 of it, 8 open"],
    ]);
  });

  test("that what a partial commit left is released", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3, B: 2 });
    await orders.change("Commit", 1, { A: 1 });
    expect(await orders.told()).toEqual([
      ["1.2 COMMITTED, 0:1 of it, 1 open", "1.2 RELEASED, 0:2 of it, 1 open; 1:2 of it, 0 open, CANCELLED"],
    ]);
  });

  test("releases with their reason, of a part and of the rest, from holds and from what is committed", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3, B: 2 });
    await orders.change("Release", 1, { A: 1 });
    await orders.change("Commit", 1);
    await orders.change("Release", 1);
    expect(await orders.told()).toEqual([
      ["1.2 RELEASED, 0:1 of it, 2 open, DISPATCH_FAILED"],
      ["1.3 COMMITTED, 0:2 of it, 2 open; 1:2 of it, 2 open"],
      ["1.4 RELEASED, 0:2 of it, 0 open; 1:2 of it, 0 open, DISPATCH_FAILED"],
    ]);
  });

  test("that a hold is over, with what was open, and that it has to be sent again", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3, B: 2 });
    await orders.reserve({ B: 1 });
    await orders.change("Release", 1, { A: 1 });
    await orders.told();
    await orders.node.advance(86_400_000);
    expect(await orders.told()).toEqual([
      [
        "1.3 EXPIRED, 0:2 of it, 0 open; 1:2 of it, 0 open",
        "1.3 RESUBMISSION_NEEDED, 0:2 of it, 0 open; 1:2 of it, 0 open",
        "2.2 EXPIRED, 0:1 of it, 0 open",
        "2.2 RESUBMISSION_NEEDED, 0:1 of it, 0 open",
      ],
    ]);
  });

  test("dispatches, the last of them followed by the end", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3, B: 2 }, true);
    await orders.reserve({ A: 1 }, true);
    await orders.told();
    await orders.dispatch("B", 2);
    await orders.dispatch("A", 4);
    expect(await orders.told()).toEqual([
      ["1.2 DISPATCHED, 1:2 of it, 0 open"],
      [
        "1.3 DISPATCHED, 0:3 of it, 0 open",
        "1.3 FULFILLED, 0:3 of it, 0 open; 1:2 of it, 0 open",
        "2.2 DISPATCHED, 0:1 of it, 0 open",
        "2.2 FULFILLED, 0:1 of it, 0 open",
      ],
    ]);
  });

  test("that the release of the rest fulfils what was dispatched in part", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3 }, true);
    await orders.dispatch("A", 1);
    await orders.told();
    const named = { sku: "", reservationId: "", orderId: "O1", dealerId: "", reason: "REJECTED" } as const;
    await orders.node.erp({ kind: "OrderClosed", ...PLACE, ...named });
    expect(await orders.told()).toEqual([
      ["1.3 RELEASED, 0:2 of it, 0 open, REJECTED", "1.3 FULFILLED, 0:1 of it, 0 open"],
    ]);
  });

  test("that a dispatch taken back is committed again, also under a successor", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 3 }, true);
    await orders.dispatch("A", 1);
    const reverse = async () => {
      const reversedEventId = `erp-${orders.node.sent("erp")}`;
      await orders.node.erp({ kind: "EventReversed", ...PLACE, sku: "A", reversedEventId });
    };
    await orders.told();
    await reverse();
    await orders.dispatch("A", 3);
    await reverse();
    expect(await orders.told()).toEqual([
      ["1.3 COMMITTED, 0:1 of it, 3 open, DISPATCH_REVERSED"],
      ["1.4 DISPATCHED, 0:3 of it, 0 open", "1.4 FULFILLED, 0:3 of it, 0 open"],
      ["2.1 COMMITTED, 0:3 of it, 3 open, DISPATCH_REVERSED"],
    ]);
  });

  test("once that an order is at risk, by whichever line first, and that all of it is covered again", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 10, B: 10 }, true);
    await orders.told();
    await orders.adjust("A", -1);
    await orders.adjust("B", -1);
    await orders.adjust("A", 1);
    await orders.adjust("B", 1);
    expect(await orders.told()).toEqual([
      ["1.2 AT_RISK, 0:10 of it, 10 open"],
      ["1.3 COVERED_AGAIN, 0:10 of it, 10 open; 1:10 of it, 10 open"],
    ]);
  });

  test("that the risk is over where the units at risk are given back, and nothing of it where the order ends so", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 5, B: 1 }, true);
    await orders.adjust("A", -8);
    await orders.told();
    await orders.change("Release", 1, { A: 5 });
    expect(await orders.told()).toEqual([
      ["1.3 RELEASED, 0:5 of it, 0 open, DISPATCH_FAILED", "1.3 COVERED_AGAIN, 1:1 of it, 1 open"],
    ]);
    await orders.adjust("B", -10);
    await orders.told();
    await orders.change("Release", 1);
    expect(await orders.told()).toEqual([["1.5 RELEASED, 1:1 of it, 0 open, DISPATCH_FAILED"]]);
  });

  test("whom a release covers again, in the release's own record", async () => {
    const orders = await Orders.begin();
    await orders.reserve({ A: 5 }, true);
    await orders.reserve({ A: 5 }, true);
    await orders.adjust("A", -5);
    expect((await orders.told()).at(-1)).toEqual(["2.2 AT_RISK, 0:5 of it, 5 open"]);
    await orders.change("Release", 1);
    expect(await orders.told()).toEqual([
      ["1.2 RELEASED, 0:5 of it, 0 open, DISPATCH_FAILED", "2.3 COVERED_AGAIN, 0:5 of it, 5 open"],
    ]);
  });
});
