import { describe, expect, it } from "vitest";
import type { Reserve } from "../../src/domain/command.js";
import type { StoredBlock } from "../../src/journal/journal.js";
import { MemoryJournal } from "../../src/journal/memory-journal.js";
import { NodeHarness, shape } from "./node-harness.js";

function reserve(requestId: string, lines: Record<string, number>, more: Partial<Reserve> = {}): Reserve {
  return {
    kind: "Reserve",
    requestId,
    dealerId: "D1",
    orderId: "O1",
    warehouseId: "W1",
    lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity })),
    partial: false,
    holdMs: 0,
    commit: false,
    ...more,
  };
}

describe("a log node", () => {
  it("reserves what there is, rejects what there is not, and remembers both over a restart", async () => {
    const node = await NodeHarness.start();
    expect((await node.receive("A", 10)).disposition).toBe("APPLIED");
    const first = await node.ask(reserve("r1", { A: 7 }), (answer) => ({
      ...answer,
      reservation: shape(answer.reservation),
    }));
    expect(first).toMatchObject({
      kind: "answered",
      value: { outcome: "RESERVED", reservation: { state: "PENDING", revision: 1, lines: [{ sku: "A", open: 7 }] } },
    });
    const second = await node.ask(reserve("r2", { A: 4 }), (answer) => answer);
    expect(second).toMatchObject({
      value: { outcome: "REJECTED", shortages: [{ sku: "A", requested: 4, available: 3, reason: "INSUFFICIENT" }] },
    });
    expect(node.figures("A")).toMatchObject({ onHand: 10, reserved: 7, availableToPromise: 3, level: "LOW" });
    await node.restart();
    expect(node.figures("A")).toMatchObject({ onHand: 10, reserved: 7, availableToPromise: 3 });
    const again = await node.ask(reserve("r1", { A: 7 }), (answer) => ({
      ...answer,
      reservation: shape(answer.reservation),
    }));
    expect(again).toEqual(first);
    const reused = await node.ask(reserve("r1", { A: 6 }), (answer) => answer);
    expect(reused).toMatchObject({ kind: "refused", refusal: { reason: "REQUEST_ID_REUSED" } });
    expect(node.failures).toEqual([]);
  });

  it("lets no hold count from its deadline on, though every timer is lost", async () => {
    const node = await NodeHarness.start();
    await node.receive("A", 5);
    const held = await node.ask(reserve("r1", { A: 5 }, { holdMs: 1000 }), (answer) => answer.reservation!.id);
    const reservationId = held.kind === "answered" ? held.value : "";
    node.pass(999);
    expect(await node.ask(reserve("r2", { A: 1 }), (answer) => answer.outcome)).toMatchObject({ value: "REJECTED" });
    node.pass(1);
    expect(await node.ask(reserve("r3", { A: 5 }), (answer) => answer.outcome)).toMatchObject({ value: "RESERVED" });
    const late = await node.ask(
      { kind: "Commit", requestId: "c1", dealerId: "D1", reservationId, lines: [] },
      (answer) => answer,
    );
    expect(late).toMatchObject({ kind: "refused", refusal: { reason: "RESERVATION_EXPIRED" } });
  });

  it("expires a hold by its timer and publishes it", async () => {
    const node = await NodeHarness.start();
    await node.receive("A", 5);
    await node.ask(reserve("r1", { A: 5 }, { holdMs: 1000 }), () => 0);
    await node.advance(1000);
    expect(node.figures("A")).toMatchObject({ reserved: 0, availableToPromise: 5 });
  });

  it("finds everything again from a checkpoint and a tail, in pages that do not fit in memory", async () => {
    const node = await NodeHarness.start({
      checkpointRecordsMax: 100,
      stocksResidentMax: 16,
      reservationsResidentMax: 16,
    });
    for (let index = 0; index < 200; index++) await node.receive(`S${index}`, 10);
    const ids: string[] = [];
    for (let index = 0; index < 300; index++) {
      const made = await node.ask(
        reserve(`r${index}`, { [`S${(index * 7) % 200}`]: 1 }),
        (answer) => answer.reservation!.id,
      );
      ids.push(made.kind === "answered" ? made.value : "");
    }
    expect(node.checkpoint).toBeDefined();
    const before = Array.from({ length: 200 }, (_, index) => node.figures(`S${index}`));
    await node.restart();
    expect(node.node.report.checkpointBlock).toBeGreaterThan(0);
    expect(Array.from({ length: 200 }, (_, index) => node.figures(`S${index}`))).toEqual(before);
    for (const [index, reservationId] of ids.entries()) {
      const found = await node.ask(
        { kind: "GetReservation", dealerId: "D1", reservationId },
        (answer) => answer.reservation.state,
      );
      expect(found).toMatchObject({ value: "PENDING" });
      const again = await node.ask(
        reserve(`r${index}`, { [`S${(index * 7) % 200}`]: 1 }),
        (answer) => answer.reservation!.id,
      );
      expect(again).toMatchObject({ value: reservationId });
    }
    expect(node.node.store.partition(1).deadlines.size).toBe(300);
    await node.advance(15 * 60_000);
    expect(node.figures("S0")).toMatchObject({ onHand: 10, reserved: 0 });
    expect(node.failures).toEqual([]);
  });

  it("refuses to start on a journal that ends before its checkpoint", async () => {
    const node = await NodeHarness.start({ checkpointRecordsMax: 10 });
    for (let index = 0; index < 30; index++) await node.receive("A", 1);
    expect(node.checkpoint).toBeDefined();
    const blocks: StoredBlock[] = [];
    for await (const block of node.journal.read(undefined)) blocks.push(block);
    node.journal = new MemoryJournal(blocks.slice(0, 1));
    await expect(node.restart()).rejects.toMatchObject({
      kind: "damaged",
      block: 2,
      message: expect.stringMatching(/^CHECKPOINT stands at block \d+, but the journal ends at block 1:/),
    });
  });
});
