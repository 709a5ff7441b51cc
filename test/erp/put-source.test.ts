/** What operations people decide about sources, as far as it reaches the journal. */
import { expect, test } from "vitest";
import type { ErpOperation } from "../../src/domain/erp-operations.js";
import { NodeHarness } from "../node/node-harness.js";

const attribution = { actor: "ann", reason: "" };

/** Whether each command in turn had something to write. */
async function written(harness: NodeHarness, ...commands: readonly ErpOperation[]): Promise<boolean[]> {
  const changes: boolean[] = [];
  for (const command of commands) {
    const before = harness.journal.head?.block;
    expect(await harness.ask(command, () => true)).toEqual({ kind: "answered", value: true });
    changes.push(harness.journal.head?.block !== before);
  }
  return changes;
}

test("a source that is put as it was is not journalled again", async () => {
  const harness = await NodeHarness.start();
  const put = (warehouseIds: readonly string[], thresholds = {}): ErpOperation => ({
    kind: "PutSource",
    source: "erp",
    warehouseIds,
    thresholds,
    attribution,
  });
  const late = { laggingAfterMs: 5_000, gapPolicy: "SKIP" };
  expect(await written(harness, put([]), put([]), put(["W1"]), put(["W1"]))).toEqual([true, false, true, false]);
  expect(await written(harness, put(["W1"], late), put(["W1"], { ...late }), put(["W1"]))).toEqual([true, false, true]);
});

test("a stock that is moved to where it is, and a gap that was passed over, are not journalled again", async () => {
  const harness = await NodeHarness.start();
  await harness.receive("A", 10);
  const body = { kind: "StockReceived", warehouseId: "W1", sku: "A", quantity: 1, reference: "" } as const;
  await harness.offer({ source: "erp", sequence: 4, eventId: "e4", occurredAtMs: 0, body });
  const skip: ErpOperation = { kind: "SkipGap", source: "erp", last: 3, attribution };
  expect(await written(harness, skip, skip)).toEqual([true, false]);
  const move = (fromSequence: number): ErpOperation => ({
    kind: "MoveStockSource",
    warehouseId: "W1",
    sku: "A",
    source: "erp",
    fromSequence,
    attribution,
  });
  expect(await written(harness, move(5), move(5), move(6))).toEqual([true, false, true]);
});
