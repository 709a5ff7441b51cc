/** An ERP source that goes away and comes back: what is journalled, held back, provisional, confirmed, and passed over. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Reserve } from "../../src/domain/command.js";
import type { ErpBody } from "../../src/domain/erp-event.js";
import { NodeHarness } from "../node/node-harness.js";

const LAGGING_MS = 60_000;
const STALE_MS = 900_000;
const HOUR_MS = 3_600_000;

let node: NodeHarness;
let sent = 0;

beforeEach(async () => {
  node = await NodeHarness.start();
  sent = 0;
  await node.receive("A", 600);
});

function freshness() {
  const page = node.node.ports.availability.read({
    dealerId: "",
    warehouseId: "W1",
    skus: ["A"],
    pageSize: 1,
    pageToken: "",
  });
  if ("reason" in page) throw new Error(page.message);
  return page.freshness.state;
}

async function sourceState() {
  let state = "";
  node.node.ports.ingest.sourceStatus("erp", (outcome) => {
    if (outcome.kind === "answered") state = outcome.value.state;
  });
  await node.settle();
  return state;
}

async function heartbeat(lastSequence: number) {
  node.node.ports.ingest.heartbeat({ source: "erp", lastSequence, erpResponseMs: undefined }, () => {});
  await node.settle();
}

async function commit(quantity: number, lines = [{ sku: "A", quantity }]) {
  sent += 1;
  const order: Reserve = {
    kind: "Reserve",
    requestId: `r${sent}`,
    dealerId: "D",
    orderId: `O${sent}`,
    warehouseId: "W1",
    lines,
    partial: false,
    holdMs: 0,
    commit: true,
  };
  const outcome = await node.ask(order, ({ outcome: decided, reservation }) => ({
    decided,
    id: reservation?.id ?? "",
    provisional: reservation?.provisional ?? false,
  }));
  if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

async function find(reservationId: string) {
  const outcome = await node.ask({ kind: "GetReservation", dealerId: "D", reservationId }, ({ reservation }) => {
    const { state, provisional, atRisk, revision } = reservation;
    return { state, provisional, atRisk, revision };
  });
  if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

/** Silence until the source is stale. */
async function goAway() {
  await node.advance(STALE_MS + 1);
}

describe("a source that falls silent", () => {
  test("is LAGGING, then STALE, whether or not a timer runs in time", async () => {
    expect(freshness()).toBe("LIVE");
    node.pass(LAGGING_MS + 1);
    expect(freshness()).toBe("LAGGING");
    expect(await sourceState()).toBe("LAGGING");
    node.pass(STALE_MS);
    expect(freshness()).toBe("LAGGING");
    expect((await commit(1)).provisional).toBe(true);
    expect(freshness()).toBe("STALE");
    expect(await sourceState()).toBe("STALE");
  });

  test("makes its warehouse hold back a buffer that grows in six steps, each with a new version and no record for each stock", async () => {
    const version = node.figures("A").version;
    const buffers: number[] = [];
    await goAway();
    for (let step = 0; step < 8; step++) {
      const { degradedBuffer, availableToPromise, version: now } = node.figures("A");
      expect(availableToPromise).toBe(600 - degradedBuffer);
      buffers.push(degradedBuffer);
      expect(now).toBe(version + Math.min(step, 5) + 1);
      await node.advance(HOUR_MS / 5);
    }
    expect(buffers).toEqual([12, 24, 36, 48, 60, 72, 72, 72]);
    expect(await sourceState()).toBe("STALE");
  });

  test("makes its warehouse hold back what policy says now, whenever it is put", async () => {
    await goAway();
    expect(node.figures("A").degradedBuffer).toBe(12);
    const scope = { warehouseId: "W1", sku: "", dealerId: "" };
    const attribution = { actor: "", reason: "" };
    await node.ask({ kind: "PutPolicy", scope, fields: { degradedBufferPercent: 50 }, attribution }, () => undefined);
    await node.settle();
    expect(node.figures("A").degradedBuffer).toBe(50);
  });

  test("is STALE to whoever asks for it, though it never spoke", async () => {
    const attribution = { actor: "", reason: "" };
    const put = { kind: "PutSource", source: "mute", warehouseIds: ["W1"], thresholds: {}, attribution } as const;
    await node.ask(put, () => undefined);
    await goAway();
    let state = "";
    node.node.ports.ingest.sourceStatus("mute", (outcome) => {
      if (outcome.kind === "answered") state = outcome.value.state;
    });
    await node.settle();
    expect(state).toBe("STALE");
  });

  test("is STALE though it feeds nothing, and was heard before its first event", async () => {
    const status = async (): Promise<string> => {
      let state = "";
      node.node.ports.ingest.sourceStatus("other", (outcome) => {
        if (outcome.kind === "answered") state = outcome.value.state;
      });
      await node.settle();
      return state;
    };
    node.node.ports.ingest.heartbeat({ source: "other", lastSequence: 0, erpResponseMs: undefined }, () => {});
    await node.settle();
    const body: ErpBody = { kind: "StockReceived", warehouseId: "W1", sku: "A", quantity: 1, reference: "" };
    await node.offer({ source: "other", sequence: 1, eventId: "other-1", occurredAtMs: 0, body });
    expect(await status()).toBe("LIVE");
    await goAway();
    expect(await status()).toBe("STALE");
  });

  test("is as long as this process listens not away sooner than it could have spoken", async () => {
    await node.restart();
    node.pass(STALE_MS - 10);
    expect(freshness()).toBe("LAGGING");
    node.pass(24 * HOUR_MS);
    await node.restart();
    await node.advance(STALE_MS - 10);
    expect(freshness()).toBe("LAGGING");
    await node.advance(20);
    expect(freshness()).toBe("STALE");
  });
});

describe("a source whose lagging_after is put beyond the stale_after that it inherits", () => {
  test("is late when it is away, and no earlier", async () => {
    const thresholds = { laggingAfterMs: 4 * STALE_MS };
    const attribution = { actor: "", reason: "" };
    const put = { kind: "PutSource", source: "erp", warehouseIds: [], thresholds, attribution } as const;
    const outcome = await node.ask(put, ({ effectiveThresholds }) => effectiveThresholds.laggingAfterMs);
    expect(outcome).toMatchObject({ value: STALE_MS });
    await node.advance(STALE_MS);
    expect(freshness()).toBe("LIVE");
    await node.advance(1);
    expect(freshness()).toBe("STALE");
  });
});

describe("a source that comes back", () => {
  test("catches up before anything is confirmed, and what is committed until then is provisional", async () => {
    await goAway();
    const first = await commit(10);
    expect(await find(first.id)).toMatchObject({ state: "COMMITTED", provisional: true, revision: 1 });
    await heartbeat(3);
    expect(await sourceState()).toBe("CATCHING_UP");
    expect(freshness()).toBe("LAGGING");
    const second = await commit(10);
    expect(second.provisional).toBe(true);
    await node.receive("A", 5);
    expect(await find(first.id)).toMatchObject({ provisional: true });
    await node.receive("A", 5);
    await node.settle();
    expect(freshness()).toBe("LIVE");
    expect(await sourceState()).toBe("LIVE");
    expect(node.figures("A")).toMatchObject({ degradedBuffer: 0, availableToPromise: 590, committed: 20 });
    for (const { id } of [first, second]) expect(await find(id)).toMatchObject({ provisional: false, revision: 2 });
    expect((await commit(1)).provisional).toBe(false);
  });

  test("with less than was promised leaves those at risk that were committed last, until there is enough", async () => {
    await goAway();
    const first = await commit(300);
    const second = await commit(200);
    await node.erp({ kind: "StockCounted", warehouseId: "W1", sku: "A", onHand: 400 });
    await node.settle();
    expect(await find(first.id)).toMatchObject({ provisional: false, atRisk: false });
    expect(await find(second.id)).toMatchObject({ provisional: true, atRisk: true, state: "COMMITTED" });
    await node.receive("A", 100);
    await node.settle();
    expect(await find(second.id)).toMatchObject({ provisional: false, atRisk: false });
  });

  test("is LIVE again with nothing to confirm, without another word", async () => {
    await goAway();
    await heartbeat(1);
    await node.settle();
    expect(await sourceState()).toBe("LIVE");
    expect(freshness()).toBe("LIVE");
  });

  test("has what is left of an order confirmed once what was uncovered of it is given back", async () => {
    await node.receive("B", 10);
    await goAway();
    const lines = [
      { sku: "A", quantity: 1 },
      { sku: "B", quantity: 5 },
    ];
    const { id } = await commit(1, lines);
    await node.erp({ kind: "StockCounted", warehouseId: "W1", sku: "B", onHand: 2 });
    await node.settle();
    expect(await find(id)).toMatchObject({ provisional: true, atRisk: true });
    const part = { kind: "Release", requestId: "part", dealerId: "D", reservationId: id, reason: "CANCELLED" } as const;
    await node.ask({ ...part, lines: [{ sku: "B", quantity: 5 }] }, () => undefined);
    expect(await find(id)).toMatchObject({ state: "COMMITTED", provisional: false, atRisk: false });
  });

  test("is not heard where only a gap of it is passed over", async () => {
    const ahead = { source: "erp", sequence: 4, eventId: "erp-4", occurredAtMs: 0 };
    const body: ErpBody = { kind: "StockReceived", warehouseId: "W1", sku: "A", quantity: 1, reference: "" };
    await node.offer({ ...ahead, body });
    await goAway();
    expect(await sourceState()).toBe("STALE");
    const attribution = { actor: "", reason: "" };
    await node.ask({ kind: "SkipGap", source: "erp", last: 3, attribution }, () => undefined);
    await node.settle();
    expect(node.figures("A").onHand).toBe(601);
    expect(await sourceState()).toBe("STALE");
  });

  test("finds after a crash what was going on", async () => {
    await goAway();
    const { id } = await commit(10);
    await node.restart();
    expect(await sourceState()).toBe("STALE");
    expect(node.figures("A").degradedBuffer).toBe(12);
    await heartbeat(1);
    await node.settle();
    await heartbeat(1);
    await node.settle();
    expect(await find(id)).toMatchObject({ provisional: false });
    expect(freshness()).toBe("LIVE");
  });

  test("makes units firm that it dispatches before", async () => {
    await goAway();
    const { id } = await commit(10);
    const body: ErpBody = {
      kind: "OrderDispatched",
      warehouseId: "W1",
      sku: "A",
      quantity: 10,
      reservationId: id,
      orderId: "",
      dealerId: "",
    };
    await node.erp(body);
    expect(await find(id)).toMatchObject({ state: "FULFILLED", provisional: false });
  });
});

describe("events that do not come", () => {
  const ahead = { source: "erp", sequence: 4, eventId: "erp-4", occurredAtMs: 0 };
  const body: ErpBody = { kind: "StockReceived", warehouseId: "W1", sku: "A", quantity: 1, reference: "" };

  test("are waited for by default, at most LAGGING while the source speaks", async () => {
    await node.offer({ ...ahead, body });
    for (let minute = 0; minute < 30; minute++) {
      await node.advance(50_000);
      await heartbeat(4);
    }
    expect(freshness()).toBe("LAGGING");
    expect(node.figures("A").onHand).toBe(600);
  });

  test("are passed over where policy says so, once, and taken when they come late", async () => {
    node = await NodeHarness.start({
      sourceThresholds: { laggingAfterMs: LAGGING_MS, staleAfterMs: STALE_MS, gapWaitMs: 30_000, gapPolicy: "SKIP" },
    });
    await node.receive("A", 600);
    await node.offer({ ...ahead, body });
    await node.advance(29_999);
    expect(node.figures("A").onHand).toBe(600);
    await node.advance(2);
    expect(node.figures("A").onHand).toBe(601);
    expect(freshness()).toBe("LIVE");
    await node.restart();
    const late = { ...ahead, sequence: 2, eventId: "erp-2", body };
    expect(await node.offer(late)).toMatchObject({ value: { disposition: "APPLIED" } });
    expect(await node.offer(late)).toMatchObject({ value: { disposition: "DUPLICATE" } });
    expect(node.figures("A").onHand).toBe(602);
    const count: ErpBody = { kind: "StockCounted", warehouseId: "W1", sku: "A", onHand: 50 };
    await node.offer({ ...ahead, sequence: 5, eventId: "erp-5", body: count });
    const tooLate = { ...ahead, sequence: 3, eventId: "erp-3", body };
    expect(await node.offer(tooLate)).toMatchObject({ value: { disposition: "REJECTED", reason: "SUPERSEDED" } });
    expect(node.figures("A").onHand).toBe(50);
  });

  test("are passed over gap by gap, each as long as it was open, not one wait after the other", async () => {
    node = await NodeHarness.start({
      sourceThresholds: { laggingAfterMs: LAGGING_MS, staleAfterMs: STALE_MS, gapWaitMs: 30_000, gapPolicy: "SKIP" },
    });
    await node.receive("A", 600);
    for (const sequence of [3, 5, 7, 9]) await node.offer({ ...ahead, sequence, eventId: `erp-${sequence}`, body });
    await node.restart();
    await node.advance(30_001);
    await node.settle();
    expect(node.figures("A").onHand).toBe(604);
  });

  test("are not passed over while they are on their way, however long that takes", async () => {
    node = await NodeHarness.start({
      sourceThresholds: { laggingAfterMs: LAGGING_MS, staleAfterMs: STALE_MS, gapWaitMs: 30_000, gapPolicy: "SKIP" },
    });
    await node.receive("A", 600);
    await heartbeat(11);
    for (let sent = 0; sent < 10; sent++) {
      await node.advance(20_000);
      expect(await node.erp(body)).toMatchObject({ disposition: "APPLIED" });
    }
    expect(node.figures("A").onHand).toBe(610);
    expect(await node.offer({ ...ahead, sequence: 2, eventId: "erp-2", body })).toMatchObject({
      value: { disposition: "DUPLICATE" },
    });
  });

  test("after others that a heartbeat told of have come are waited for anew", async () => {
    node = await NodeHarness.start({
      sourceThresholds: { laggingAfterMs: LAGGING_MS, staleAfterMs: STALE_MS, gapWaitMs: 30_000, gapPolicy: "SKIP" },
    });
    await node.receive("A", 600);
    await heartbeat(3);
    await node.receive("A", 1);
    await node.receive("A", 1);
    await node.advance(29_000);
    await heartbeat(5);
    await node.advance(29_000);
    await node.receive("A", 1);
    await node.receive("A", 1);
    expect(node.figures("A").onHand).toBe(604);
    expect(node.node.store.system.state.source("erp")?.skipped.runs).toEqual([]);
  });

  test("undo nothing late where the stock was counted since", async () => {
    node = await NodeHarness.start({
      sourceThresholds: { laggingAfterMs: LAGGING_MS, staleAfterMs: STALE_MS, gapWaitMs: 30_000, gapPolicy: "SKIP" },
    });
    await node.receive("A", 600);
    const count: ErpBody = { kind: "StockCounted", warehouseId: "W1", sku: "A", onHand: 50 };
    await node.offer({ ...ahead, sequence: 3, eventId: "erp-3", body: count });
    await node.advance(30_001);
    const undo: ErpBody = { kind: "EventReversed", warehouseId: "W1", sku: "A", reversedEventId: "erp-1" };
    const late = { ...ahead, sequence: 2, eventId: "erp-2", body: undo };
    expect(await node.offer(late)).toMatchObject({ value: { disposition: "REJECTED", reason: "SUPERSEDED" } });
    expect(node.figures("A").onHand).toBe(50);
  });

  test("that only a heartbeat tells of are passed over as well", async () => {
    node = await NodeHarness.start({
      sourceThresholds: { laggingAfterMs: LAGGING_MS, staleAfterMs: STALE_MS, gapWaitMs: 30_000, gapPolicy: "SKIP" },
    });
    await node.receive("A", 600);
    await heartbeat(3);
    await node.advance(30_001);
    expect(await node.offer({ ...ahead, body })).toMatchObject({ value: { disposition: "APPLIED" } });
  });
});

describe("a warehouse that comes into being while the source that it is put for is away", () => {
  test("holds back a buffer from the start, as its policy says", async () => {
    await goAway();
    const attribution = { actor: "", reason: "" };
    const put = { kind: "PutSource", source: "erp", warehouseIds: ["W1", "W9"], thresholds: {}, attribution } as const;
    const scope = { warehouseId: "W9", sku: "", dealerId: "" };
    const fields = { degradedBufferPercent: 50, safetyStock: 3 };
    const { commands } = node.node.ports;
    const kinds: string[] = [];
    // Nothing of it is durable, and so shown, before the buffer is looked at.
    node.gate.close();
    for (const command of [{ kind: "PutPolicy", scope, fields, attribution } as const, put]) {
      commands.submit(
        command,
        () => undefined,
        ({ kind }) => kinds.push(kind),
      );
    }
    await node.advance(1);
    node.gate.open();
    await node.settle();
    expect(kinds).toEqual(["answered", "answered"]);
    const body: ErpBody = { kind: "StockReceived", warehouseId: "W9", sku: "A", quantity: 60, reference: "" };
    await node.offer({ source: "wms", sequence: 1, eventId: "wms-1", occurredAtMs: 0, body });
    const query = { dealerId: "", warehouseId: "W9", skus: ["A"], pageSize: 1, pageToken: "" };
    expect(node.node.ports.availability.read(query)).toMatchObject({
      figures: [{ onHand: 60, safetyStock: 3, degradedBuffer: 5, availableToPromise: 52 }],
    });
    expect(node.failures).toEqual([]);
  });
});
