/** The oracle and the service agree: on every answer of random histories, and at the ends of what is allowed. */
import { afterAll, describe, expect, test } from "vitest";
import type { ErpBody } from "../../src/domain/erp-event.js";
import type { PolicyFields } from "../../src/domain/policy.js";
import { chosenSeed, SeededRandom } from "../journal/seeded-random.js";
import { NodeHarness, SETTINGS } from "../node/node-harness.js";
import type { Request } from "./oracle/request.js";
import { ServiceMatch } from "./oracle/service-match.js";

const HISTORIES = Number(process.env.HOLDFAST_ORACLE_HISTORIES ?? 8);
const STEPS = 2_500;
/** So little memory that most stocks, reservations and dealers are read back, and a checkpoint every few steps. */
const SMALL = { stocksResidentMax: 1, reservationsResidentMax: 1, checkpointRecordsMax: 40 };
const DAY_MS = 24 * 3_600_000;
/** As in a simulated world: the oracle knows no source that is given up, and tries quantities up to 2^53 - 1. */
const KNOWN = {
  sourceThresholds: { ...SETTINGS.sourceThresholds, staleAfterMs: 365 * DAY_MS },
  erpQuantityMax: Number.MAX_SAFE_INTEGER,
};

describe("the oracle agrees with the service on every answer", () => {
  const first = chosenSeed();
  const tally = new Map<string, number>();

  for (let history = 0; history < HISTORIES; history += 1) {
    const seed = (first + history) % 4294967296;
    test(`of a random history (HOLDFAST_TEST_SEED=${seed})`, async () => {
      const node = await NodeHarness.start(seed % 2 === 0 ? KNOWN : { ...KNOWN, ...SMALL });
      const match = new ServiceMatch(node, new SeededRandom(seed));
      await match.play(STEPS);
      if (match.wrong.length === 0) await match.checkAtRest();
      for (const [name, count] of match.tally) tally.set(name, (tally.get(name) ?? 0) + count);
      expect(match.wrong).toEqual([]);
      expect(node.failures).toEqual([]);
    });
  }

  afterAll(() => {
    if (HISTORIES < 8) return;
    const rare = ["Commit STOCK_SHORTFALL", "Extend LIMIT_EXCEEDED", "Release RESERVATION_FULFILLED"];
    const seen = [...COMMON, ...rare].filter((name) => tally.has(name));
    expect(seen, "the histories came to every kind of answer").toEqual([...COMMON, ...rare]);
  });
});

const COMMON = [
  "Reserve RESERVED",
  "Reserve PARTIALLY_RESERVED",
  "Reserve REJECTED",
  "Reserve REQUEST_ID_REUSED",
  "Reserve QUOTA_EXCEEDED",
  "Reserve SKU_NOT_FOUND",
  "Reserve WAREHOUSE_NOT_ASSIGNED",
  "Commit",
  "Commit RESERVATION_EXPIRED",
  "Commit QUANTITY_EXCEEDED",
  "Release",
  "Extend",
  "erp APPLIED",
  "erp BUFFERED",
  "erp DUPLICATE",
  "erp REJECTED SEQUENCE_REUSED",
  "erp REJECTED NOT_SOURCE_OF_RECORD",
  "erp REJECTED DEALER_AMBIGUOUS: dealer_id",
  "a restart",
  "a crash",
  "the invariants",
  "an answer that was lost",
];

function reserve(requestId: string, quantity = 1): Request {
  const names = { requestId, dealerId: "D1", orderId: "O1", warehouseId: "W1" };
  const lines = [{ sku: "S1", quantity }];
  return { kind: "command", command: { kind: "Reserve", ...names, lines, partial: false, holdMs: 0, commit: false } };
}

type WithoutStock<Body> = Body extends ErpBody ? Omit<Body, "warehouseId" | "sku"> : never;

function erp(sequence: number, body: WithoutStock<ErpBody>): Request {
  const at = { warehouseId: "W1", sku: "S1" };
  const names = { source: "erp", sequence, eventId: `erp-${sequence}`, occurredAtMs: 0 };
  return { kind: "erp", event: { ...names, body: { ...body, ...at } as ErpBody } };
}

function received(sequence: number, quantity: number): Request {
  return erp(sequence, { kind: "StockReceived", quantity, reference: "" });
}

async function matched(settings: Partial<typeof SETTINGS> = {}): Promise<ServiceMatch> {
  return new ServiceMatch(await NodeHarness.start({ ...KNOWN, ...settings }), new SeededRandom(1));
}

describe("the oracle agrees with the service at the ends of what is allowed", () => {
  test("quantities up to 2^53 - 1, and no further", async () => {
    const match = await matched();
    const most = Number.MAX_SAFE_INTEGER;
    const changes: WithoutStock<ErpBody>[] = [
      { kind: "StockReceived", quantity: 100, reference: "" },
      { kind: "StockReceived", quantity: most, reference: "" },
      { kind: "StockCounted", onHand: most },
      { kind: "StockReturned", quantity: 1, orderId: "", dealerId: "" },
      { kind: "StockBlocked", delta: most },
      { kind: "StockBlocked", delta: 1 },
      { kind: "DemandAllocated", delta: most, reference: "" },
      { kind: "DemandAllocated", delta: 1, reference: "" },
      { kind: "StockAdjusted", delta: -most, reason: "", reference: "" },
      { kind: "OrderDispatched", quantity: most, reservationId: "", orderId: "", dealerId: "" },
    ];
    for (const [index, change] of changes.entries()) await match.ask([erp(index + 1, change)]);
    expect(match.wrong).toEqual([]);
    expect(match.tally.get("erp REJECTED LIMIT_EXCEEDED: on_hand")).toBe(2);
    expect(match.tally.get("erp REJECTED LIMIT_EXCEEDED: shortfall")).toBeGreaterThan(0);
  });

  test("a first answer is given again for the retention, and no longer", async () => {
    const match = await matched();
    await match.ask([received(1, 10), reserve("r1")]);
    await match.node.advance(7 * DAY_MS - 1);
    await match.ask([reserve("r1")]);
    await match.node.advance(1);
    await match.ask([reserve("r1")]);
    expect(match.wrong).toEqual([]);
  });

  test("a hold that may be longer than the retention is remembered as long as it may be", async () => {
    const match = await matched();
    const scope = { warehouseId: "", sku: "", dealerId: "D1" };
    const attribution = { actor: "", reason: "" };
    const fields = { holdMaxMs: 30 * DAY_MS };
    await match.ask([{ kind: "command", command: { kind: "PutPolicy", scope, fields, attribution } }]);
    await match.ask([received(1, 10), reserve("r1")]);
    for (const days of [20, 9, 1, 1]) {
      await match.node.advance(days * DAY_MS);
      await match.ask([reserve("r1")]);
    }
    expect(match.wrong).toEqual([]);
  });

  test("at the bound of remembered answers, new requests are refused and repeats answered", async () => {
    const match = await matched({ answersMax: 3 });
    await match.ask([received(1, 10), reserve("r1"), reserve("r2", 11), reserve("r3")]);
    await match.ask([reserve("r4"), reserve("r2", 11), reserve("r1"), reserve("r1", 2)]);
    expect(match.wrong).toEqual([]);
    expect(match.tally.get("Reserve OVERLOADED")).toBe(1);
  });
});

describe("what this oracle found the service wrong in", () => {
  test("a retry while its own hold still stands is not taken as new, though the policy allows no such hold any more", async () => {
    const match = await matched();
    const put = (fields: PolicyFields): Request => {
      const scope = { warehouseId: "", sku: "", dealerId: "D1" };
      return {
        kind: "command",
        command: { kind: "PutPolicy", scope, fields, attribution: { actor: "", reason: "" } },
      };
    };
    await match.ask([put({ holdMaxMs: 30 * DAY_MS, holdDefaultMs: 30 * DAY_MS }), received(1, 10), reserve("r1")]);
    await match.ask([put({})]);
    await match.node.advance(10 * DAY_MS);
    await match.ask([reserve("r1")]);
    expect(match.wrong).toEqual([]);
  });

  test("a source that only ever sent a heartbeat lags once it is silent", async () => {
    const match = await matched();
    await match.ask([{ kind: "heartbeat", source: "wms", lastSequence: 0 }]);
    await match.node.advance(75_000);
    await match.ask([{ kind: "sourceStatus", source: "wms" }]);
    expect(match.wrong).toEqual([]);
  });

  test("new requests are taken again when the few remembered answers are past their retention", async () => {
    const match = await matched({ answersMax: 3 });
    await match.ask([received(1, 10), reserve("r1"), reserve("r2"), reserve("r3")]);
    await match.node.advance(60 * DAY_MS);
    await match.ask([reserve("r4")]); // may refuse once, and let go of the old ones
    await match.node.advance(DAY_MS);
    const wrong = match.wrong.length;
    await match.ask([reserve("r5")]);
    expect(match.wrong.slice(wrong)).toEqual([]);
  });
});
