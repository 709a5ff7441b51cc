/** The engine's promises to those who wait: the output gate, the bounded inbox, the failed append, the clean stop. */
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/actor/service.js";
import type { Command, GetStock, GetStockAnswer } from "../../src/domain/command.js";
import { SnapshotDamaged } from "../../src/snapshots/page-store.js";
import { NodeHarness } from "../node/node-harness.js";
import { commit, readStock, reserve } from "./commands.js";

const UNAVAILABLE = { kind: "refused", refusal: { reason: "JOURNAL_UNAVAILABLE" } };

async function stocked(settings: Parameters<typeof NodeHarness.start>[0] = {}): Promise<NodeHarness> {
  const node = await NodeHarness.start(settings);
  await node.receive("A", 10);
  return node;
}

async function reservationId(node: NodeHarness, requestId: string): Promise<string> {
  const made = await node.ask(reserve(requestId, { A: 1 }), (answer) => answer.reservation!.id);
  return made.kind === "answered" ? made.value : "";
}

describe("the output gate", () => {
  const early: readonly (readonly [string, (id: string) => Command])[] = [
    ["an answer", () => reserve("r2", { A: 2 })],
    ["a rejection that is remembered", () => reserve("r3", { A: 100 })],
    ["a refusal", (id) => commit("c9", id, { A: 99 })],
    ["a repeat", () => reserve("r1", { A: 1 })],
    ["a read of a reservation", (id) => ({ kind: "GetReservation", dealerId: "D1", reservationId: id })],
    ["a read of stock", () => readStock],
    ["a read of a policy", () => ({ kind: "GetPolicy", scope: { warehouseId: "W1", sku: "A", dealerId: "" } })],
  ];

  it.each(early)("holds back %s until what it can have seen is durable", async (_, command) => {
    const node = await stocked();
    const id = await reservationId(node, "r1");
    const before = node.figures("A");
    node.gate.close();
    const outcomes: Outcome<unknown>[] = [];
    node.submit(reserve("held", { A: 3 }), outcomes);
    await node.settle();
    expect(node.gate.waiting).toBe(1);
    node.submit(command(id), outcomes);
    await node.settle();
    expect(outcomes).toEqual([]);
    expect(node.figures("A")).toEqual(before);
    node.gate.open();
    await node.settle();
    expect(outcomes).toHaveLength(2);
    expect(node.figures("A").reserved).toBeGreaterThanOrEqual(4);
  });

  it("delivers in the order of decision, and shows the figures before the answer", async () => {
    const node = await stocked();
    node.gate.close();
    const seen: string[] = [];
    for (const requestId of ["r1", "r2", "r3"]) {
      node.node.ports.commands.submit(
        reserve(requestId, { A: 1 }),
        () => requestId,
        (outcome) => seen.push(`${outcome.kind === "answered" ? outcome.value : ""} ${node.figures("A").reserved}`),
      );
    }
    await node.settle();
    expect(seen).toEqual([]);
    node.gate.open();
    await node.settle();
    expect(seen).toEqual(["r1 3", "r2 3", "r3 3"]);
  });

  it("makes a read wait for the block before it, not for later ones", async () => {
    const node = await stocked();
    node.gate.close();
    const outcomes: Outcome<unknown>[] = [];
    node.submit(reserve("first", { A: 1 }), []);
    await node.settle();
    node.submit(readStock, outcomes);
    await node.settle();
    node.submit(reserve("second", { A: 1 }), []);
    await node.settle();
    expect(outcomes).toEqual([]);
    node.gate.open();
    node.gate.close();
    await node.settle();
    expect(node.gate.waiting).toBe(1);
    expect(outcomes).toMatchObject([{ kind: "answered", value: { figures: { reserved: 1 } } }]);
    expect(node.figures("A").reserved).toBe(1);
  });

  it("lets a caller whose callback throws harm nobody else", async () => {
    const node = await stocked();
    node.node.ports.commands.submit(
      reserve("r1", { A: 1 }),
      () => 0,
      () => {
        throw new Error("the caller's own");
      },
    );
    const outcomes: Outcome<unknown>[] = [];
    node.submit(reserve("r2", { A: 1 }), outcomes);
    await node.settle();
    expect(outcomes).toMatchObject([{ kind: "answered" }]);
    expect(node.failures).toMatchObject([{ message: "the caller's own" }]);
  });
});

describe("a full inbox", () => {
  it("refuses at once, changes nothing, and takes work again when there is room", async () => {
    const node = await stocked({ inboxCommandsMax: 5 });
    const outcomes: Outcome<unknown>[] = [];
    for (let index = 0; index < 5; index++) node.submit(reserve(`r${index}`, { A: 1 }), outcomes);
    expect(outcomes).toEqual([]);
    node.submit(reserve("late", { A: 1 }), outcomes);
    expect(outcomes).toMatchObject([
      { kind: "refused", refusal: { reason: "OVERLOADED", metadata: { resource: "inbox" }, retryAfterMs: 100 } },
    ]);
    await node.settle();
    expect(outcomes).toHaveLength(6);
    expect(node.figures("A").reserved).toBe(5);
    expect(await node.ask(reserve("late", { A: 1 }), (answer) => answer.outcome)).toMatchObject({ value: "RESERVED" });
  });
});

describe("a failed append", () => {
  it.each([
    ["failed", false],
    ["unknown", false],
    ["unknown", true],
  ] as const)(
    "(%s, kept: %s) tells everyone the outcome is unknown, and a retry resolves it",
    async (kind, isStored) => {
      const node = await stocked();
      node.gate.close();
      const outcomes: Outcome<unknown>[] = [];
      node.submit(reserve("written", { A: 6 }), outcomes);
      await node.settle();
      expect(node.gate.waiting).toBe(1);
      node.submit(readStock, outcomes);
      node.submit(reserve("built on it", { A: 4 }), outcomes);
      await node.settle();
      node.submit(reserve("queued", { A: 1 }), outcomes);
      node.journal.failWith(kind, isStored);
      node.gate.open();
      await node.settle();
      expect(outcomes).toMatchObject([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
      expect(node.failures).toMatchObject([{ name: "JournalError", kind }]);
      expect(node.figures("A").reserved).toBe(0);
      const afterwards: Outcome<unknown>[] = [];
      node.submit(reserve("too late", { A: 1 }), afterwards);
      expect(afterwards).toMatchObject([UNAVAILABLE]);

      await node.restart();
      expect(node.figures("A").reserved).toBe(isStored ? 6 : 0);
      const again = await node.ask(reserve("written", { A: 6 }), (answer) => answer.outcome);
      expect(again).toMatchObject({ value: "RESERVED" });
      expect(node.figures("A").reserved).toBe(6);
    },
  );

  // The engine forgets those who wait for nothing durable when a later decision of their turn breaks it.
  it("settles everyone who was decided in a turn that broke, readers included", async () => {
    const node = await stocked();
    const outcomes: Outcome<unknown>[] = [];
    node.submit(readStock, outcomes);
    node.node.ports.commands.submit(
      readStock as GetStock,
      (_: GetStockAnswer) => {
        throw new SnapshotDamaged("a page that lied");
      },
      (outcome) => outcomes.push(outcome),
    );
    node.submit(reserve("behind", { A: 1 }), outcomes);
    await node.settle();
    expect(node.failures).toMatchObject([{ message: "a page that lied" }]);
    expect(outcomes).toHaveLength(3);
    expect(outcomes.slice(1)).toMatchObject([UNAVAILABLE, UNAVAILABLE]);
  });
});

describe("stop", () => {
  it("finishes what it took, takes no more, and leaves a checkpoint that needs no replay", async () => {
    const node = await stocked();
    node.gate.close();
    const outcomes: Outcome<unknown>[] = [];
    for (let index = 0; index < 3; index++) node.submit(reserve(`r${index}`, { A: 1 }), outcomes);
    const stopped = node.node.engine.stop();
    node.submit(reserve("late", { A: 1 }), outcomes);
    expect(outcomes).toMatchObject([{ kind: "refused", refusal: { reason: "SHUTTING_DOWN" } }]);
    await node.settle();
    expect(node.gate.waiting).toBe(1);
    expect(outcomes).toHaveLength(1);
    node.gate.open();
    await node.until(stopped);
    expect(outcomes.slice(1)).toMatchObject([{ kind: "answered" }, { kind: "answered" }, { kind: "answered" }]);
    await node.restart();
    expect(node.node.report.replayedRecords).toBe(0);
    expect(node.node.report.checkpointBlock).toBe(node.journal.head!.block);
    expect(node.figures("A").reserved).toBe(3);
    expect(node.failures).toEqual([]);
  });

  it("asked for twice ends for both", async () => {
    const node = await stocked();
    const ended: string[] = [];
    const first = node.node.engine.stop().then(() => ended.push("first"));
    const second = node.node.engine.stop().then(() => ended.push("second"));
    await Promise.race([node.until(Promise.all([first, second])), node.until(second).then(() => node.settle())]);
    expect(ended.sort()).toEqual(["first", "second"]);
  });

  it("resolves also when the last append fails", async () => {
    const node = await stocked();
    node.gate.close();
    const outcomes: Outcome<unknown>[] = [];
    node.submit(reserve("r1", { A: 1 }), outcomes);
    await node.settle();
    const stopped = node.node.engine.stop();
    node.journal.failWith("failed");
    node.gate.open();
    await node.until(stopped);
    expect(outcomes).toMatchObject([UNAVAILABLE]);
  });
});
