/** A source's position against our figures at its sequence: what is drift, why, and what is done about it. */
import { describe, expect, test } from "vitest";
import {
  type DriftContext,
  decideVerdict,
  heal,
  judgeMissing,
  judgePosition,
} from "../../../src/domain/decide/drift.js";
import { DRIFT_CAUSES, isDrift, NO_DRIFT } from "../../../src/domain/drift.js";
import type { ErpBody } from "../../../src/domain/erp-event.js";
import type { DriftFound, ErpEventApplied, PartitionEvent, StockHealed } from "../../../src/domain/event.js";
import { SHIPPED_POLICY } from "../../../src/domain/policy.js";
import { Source } from "../../../src/domain/source.js";
import { applied, erpEvent, given, type Scenario } from "./scenario.js";

const A = { warehouseId: "W1", sku: "A" };
const receipt = (quantity: number): ErpBody => ({ kind: "StockReceived", ...A, quantity, reference: "" });
const count = (onHand: number): ErpBody => ({ kind: "StockCounted", ...A, onHand });

function event(sequence: number, body: ErpBody, effect: Partial<ErpEventApplied>): ErpEventApplied {
  return { ...applied(body, 1, effect), event: { ...erpEvent(body), sequence, eventId: `e${sequence}` } };
}

const opened: PartitionEvent = { kind: "StockOpened", stock: 1, sku: "A" };
/** 10 at sequence 1, 15 at 4, of a source that is at 9. */
const history = [opened, event(1, receipt(10), { onHandDelta: 10 }), event(4, receipt(5), { onHandDelta: 5 })] as const;
const attribution = { actor: "holdfast", reason: "drift_action" };

const healing = (asOfSequence: number, onHandDelta: number, runId = "earlier"): StockHealed => ({
  kind: "StockHealed",
  stock: 1,
  source: "erp",
  asOfSequence,
  onHandDelta,
  unavailableDelta: 0,
  runId,
  attribution,
});

function context(change: Partial<DriftContext> & { readonly skipped?: readonly [number, number] } = {}): DriftContext {
  const source = new Source(1, "erp");
  if (change.skipped !== undefined) source.skip({ first: change.skipped[0], last: change.skipped[1] });
  source.applied = 9;
  const policy = { ...SHIPPED_POLICY, ...change.policy };
  return { runId: "run", source, wasHealed: () => false, deadLetterOf: () => undefined, ...change, policy };
}

const act = (driftAction: DriftContext["policy"]["driftAction"]) => ({ policy: { ...SHIPPED_POLICY, driftAction } });
const position = (onHand: number, asOfSequence: number, unavailable = 0) => ({
  ...A,
  onHand,
  unavailable,
  asOfSequence,
});

const judge = ({ state }: Scenario, told: ReturnType<typeof position>, about = context()) =>
  judgePosition(state, told, about);

function decide(scenario: Scenario, told: ReturnType<typeof position>, about = context()) {
  const { counts, events } = decideVerdict(scenario.state, judge(scenario, told, about), about);
  const isFinding = (candidate: PartitionEvent): candidate is DriftFound => candidate.kind === "DriftFound";
  const done = events.filter((candidate) => !isFinding(candidate));
  return { counts: { ...NO_DRIFT, ...counts }, found: events.find(isFinding), done };
}

describe("a position", () => {
  test("is compared with what we had at its sequence", () => {
    for (const [onHand, at] of [
      [10, 1],
      [10, 3],
      [15, 4],
      [15, 9],
    ] as const) {
      expect(judge(given(...history), position(onHand, at))).toEqual({ kind: "agrees", missing: undefined });
    }
    expect(judge(given(...history), position(15, 3))).toMatchObject({
      kind: "drifts",
      drift: { ours: { onHand: 10 }, missing: undefined },
    });
  });

  test("beyond what is applied waits, of a stock that we do not have as well", () => {
    expect(judge(given(...history), position(10, 10))).toEqual({ kind: "deferred" });
    expect(judge(given(), position(10, 10))).toEqual({ kind: "deferred" });
  });

  test("of a stock of another source, or from before it was given to this one, cannot be compared", () => {
    const other = context();
    Object.assign(other.source, { name: "wms" });
    expect(judge(given(...history), position(15, 9), other)).toEqual({ kind: "incomparable" });
    const moved: PartitionEvent = { kind: "StockSourceMoved", stock: 1, source: "wms", fromSequence: 6, attribution };
    expect(judge(given(...history, moved), position(15, 5), other)).toEqual({ kind: "incomparable" });
    expect(judge(given(...history, moved), position(15, 6), other)).toMatchObject({ kind: "agrees" });
  });

  test("differs by unavailable units as well as by those on hand", () => {
    expect(judge(given(...history), position(15, 9, 2))).toMatchObject({ kind: "drifts" });
  });

  test("of a stock that we do not have is drift whatever the thresholds, unless there is nothing of it", () => {
    const wide = context({ policy: { ...SHIPPED_POLICY, driftThresholdUnits: 1_000, driftThresholdPercent: 100 } });
    expect(judge(given(), position(0, 9), wide)).toEqual({ kind: "agrees", missing: "here" });
    expect(judge(given(), position(1, 9), wide)).toMatchObject({ kind: "drifts", drift: { missing: "here" } });
    expect(judge(given(), position(0, 9, 1), wide)).toMatchObject({ kind: "drifts", drift: { missing: "here" } });
  });
});

test.each([
  [100, 100, 0, 0, false],
  [100, 99, 0, 0, true],
  [100, 95, 5, 0, false],
  [100, 94, 5, 0, true],
  [90, 100, 0, 10, false],
  [89, 100, 0, 10, true],
  // More than both: 6 of 6 units, then 6 of 10 %.
  [94, 100, 6, 1, false],
  [93, 100, 6, 7, false],
  [92, 100, 6, 7, true],
  [1, 0, 0, 100, true],
  [-5, 5, 9, 100, true],
  [2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53 - 1, 100, true],
])(
  "ours %d and theirs %d with thresholds of %d units and %d %% is drift: %s",
  (ours, theirs, units, percent, drifts) => {
    const policy = { driftThresholdUnits: units, driftThresholdPercent: percent, driftAction: "ASK" } as const;
    expect(isDrift(ours, theirs, policy)).toBe(drifts);
  },
);

describe("a stock that a full run did not tell", () => {
  const missing = (scenario: Scenario, first: number, last: number, about = context()) =>
    judgeMissing(scenario.state, scenario.state.stocks.get(1)!, { first, last }, about);

  test("counts as 0 there, if we had it from the first to the last that was told", () => {
    expect(missing(given(...history), 2, 9)).toMatchObject({
      kind: "drifts",
      drift: { ours: { onHand: 15 }, theirs: { onHand: 0, asOfSequence: 9 }, missing: "there" },
    });
    expect(missing(given(opened, event(4, receipt(5), { onHandDelta: 5 })), 3, 9)).toBeUndefined();
    expect(missing(given(...history, event(8, count(0), { onHandDelta: -15 })), 7, 8)).toBeUndefined();
  });

  test("is missing, and no drift, within the thresholds", () => {
    const wide = context({ policy: { ...SHIPPED_POLICY, driftThresholdUnits: 15 } });
    expect(missing(given(...history), 9, 9, wide)).toEqual({ kind: "agrees", missing: "there" });
  });

  test("is never healed by itself, but may be put into quarantine", () => {
    const scenario = given(...history);
    const of = (about: DriftContext) => decideVerdict(scenario.state, missing(scenario, 9, 9, about)!, about);
    expect(of(context(act("HEAL")))).toMatchObject({
      counts: { compared: 0, drifted: 1, healed: 0, missingThere: 1 },
      events: [{ kind: "DriftFound", isMissingThere: true, state: "OPEN" }],
    });
    expect(of(context(act("QUARANTINE")))).toMatchObject({
      counts: { quarantined: 1, missingThere: 1 },
      events: [{ state: "QUARANTINED" }, { kind: "QuarantineSet", stock: 1, isOn: true }],
    });
  });
});

describe("what is done about drift", () => {
  test("nothing without a person, when policy asks", () => {
    const { counts, found, done } = decide(given(...history), position(12, 4), context(act("ASK")));
    expect(counts).toMatchObject({ compared: 1, drifted: 1, healed: 0, quarantined: 0 });
    expect(found).toEqual({
      kind: "DriftFound",
      runId: "run",
      source: "erp",
      sku: "A",
      asOfSequence: 4,
      ourOnHand: 15,
      theirOnHand: 12,
      ourUnavailable: 0,
      theirUnavailable: 0,
      cause: "UNKNOWN",
      causeDetail: "",
      isMissingThere: false,
      state: "OPEN",
      stock: 1,
    });
    expect(done).toEqual([]);
  });

  describe("a stock has one difference that waits for a person:", () => {
    const ask = context(act("ASK"));
    const settled = (number: number, what: string): PartitionEvent => ({
      kind: "DriftResolved",
      number,
      state: "SUPERSEDED",
      attribution: { actor: "holdfast", reason: `run run ${what}` },
    });
    /** The stock with a difference of 3 at 4 that waits. */
    function waiting(): Scenario {
      const scenario = given(...history);
      const { found } = decide(scenario, position(12, 4), ask);
      return scenario.given(found!);
    }

    test("a newer finding takes the older one's place", () => {
      const scenario = waiting();
      const { found, done } = decide(scenario, position(11, 9), ask);
      expect(found).toMatchObject({ state: "OPEN", stock: 1, theirOnHand: 11 });
      expect(done).toEqual([settled(1, "found it anew")]);
      scenario.given(found!, ...done);
      expect(scenario.state.stocks.get(1)!.waitingDiscrepancy).toBe(2);
      expect(scenario.state.discrepancies.get(1)).toMatchObject({ state: "SUPERSEDED" });
    });

    test("one that is healed leaves none, one that agrees as well", () => {
      const healed = waiting();
      const { done } = decide(healed, position(11, 9), context(act("HEAL")));
      expect(done).toEqual([healing(9, -4, "run"), settled(1, "found it anew")]);
      expect(healed.given(...done).state.stocks.get(1)!.waitingDiscrepancy).toBe(0);
      const agreed = waiting();
      expect(decide(agreed, position(15, 9), ask)).toMatchObject({
        counts: { compared: 1, drifted: 0 },
        done: [settled(1, "found no difference")],
      });
    });

    test("what agrees from before it was found, or from before a count, says nothing of it", () => {
      expect(decide(waiting(), position(10, 3), ask).done).toEqual([]);
      const counted = waiting().given(event(6, count(40), { onHandDelta: 25 }));
      expect(decide(counted, position(15, 5), ask).done).toEqual([]);
      expect(decide(counted, position(40, 6), ask).done).toEqual([settled(1, "found no difference")]);
    });

    test("a quarantine goes over to the newer finding, and ends by a person alone", () => {
      const scenario = waiting().given({ kind: "QuarantineSet", stock: 1, isOn: true, attribution });
      expect(decide(scenario, position(11, 9), ask)).toMatchObject({
        counts: { quarantined: 0 },
        found: { state: "QUARANTINED", stock: 1 },
      });
      expect(decide(scenario, position(15, 9), ask).done).toEqual([]);
      expect(decide(scenario, position(11, 9), context(act("HEAL"))).done).toEqual([healing(9, -4, "run")]);
    });

    test("of a stock that we do not have, too", () => {
      const scenario = given();
      const first = decide(scenario, position(3, 4), ask);
      expect(first.done).toEqual([opened]);
      scenario.given(...first.done, first.found!);
      expect(scenario.state.stocks.get(1)).toMatchObject({ opened: false, version: 0, waitingDiscrepancy: 1 });
      expect(decide(scenario, position(5, 9), ask).done).toEqual([settled(1, "found it anew")]);
      expect(decide(scenario, position(0, 9), ask).done).toEqual([settled(1, "found no difference")]);
    });
  });

  test("the difference at the position's sequence heals what came after it, too", () => {
    const scenario = given(...history, event(8, receipt(100), { onHandDelta: 100 }));
    const { counts, found, done } = decide(scenario, position(12, 4), context(act("HEAL")));
    expect(counts).toMatchObject({ drifted: 1, healed: 1 });
    expect(found).toMatchObject({ state: "HEALED" });
    expect(done).toEqual([healing(4, -3, "run")]);
    scenario.given(...done);
    expect(scenario.state.stocks.get(1)).toMatchObject({ onHand: 112 });
    expect(judge(scenario, position(12, 4))).toMatchObject({ kind: "agrees" });
    expect(judge(scenario, position(112, 9))).toMatchObject({ kind: "agrees" });
  });

  test("a stock is healed once in a run, and once under its name", () => {
    const drifting = () => position(12, 9);
    const inRun = decide(given(...history), drifting(), context({ ...act("HEAL"), wasHealed: (stock) => stock === 1 }));
    expect(inRun).toMatchObject({ counts: { healed: 0 }, found: { state: "OPEN" }, done: [] });
    const before = given(...history, healing(4, -1, "run"), event(7, receipt(1), { onHandDelta: 1 }));
    expect(decide(before, drifting(), context(act("HEAL")))).toMatchObject({ counts: { healed: 0 }, done: [] });
    const another = given(...history, healing(4, -1, "another"), event(7, receipt(1), { onHandDelta: 1 }));
    expect(decide(another, drifting(), context(act("HEAL")))).toMatchObject({ counts: { healed: 1 } });
  });

  test.each(["HEAL", "QUARANTINE", "ASK"] as const)(
    "a position from before a count or a healing is compared, and %s leaves the stock alone",
    (action) => {
      for (const since of [event(6, count(40), { onHandDelta: 25 }), healing(6, 25)]) {
        const { counts, found, done } = decide(given(...history, since), position(12, 4), context(act(action)));
        expect(counts).toMatchObject({ compared: 1, drifted: 1, healed: 0, quarantined: 0 });
        expect(found).toMatchObject({ state: "DISMISSED", ourOnHand: 15 });
        expect(done).toEqual([]);
      }
    },
  );

  test("healing opens a stock that we do not have", () => {
    const { counts, done } = decide(given(), position(3, 9, 1), context(act("HEAL")));
    expect(counts).toMatchObject({ missingHere: 1, drifted: 1, healed: 1 });
    expect(done).toEqual([opened, { ...healing(9, 3, "run"), unavailableDelta: 1 }]);
    const scenario = given(...done);
    expect(scenario.state.stocks.get(1)).toMatchObject({ onHand: 3, unavailable: 1, source: "erp", opened: true });
  });

  test("a stock in quarantine already is not put there again", () => {
    const quarantine: PartitionEvent = { kind: "QuarantineSet", stock: 1, isOn: true, attribution };
    expect(decide(given(...history), position(12, 9), context(act("QUARANTINE"))).done).toEqual([quarantine]);
    expect(decide(given(...history, quarantine), position(12, 9), context(act("QUARANTINE")))).toMatchObject({
      counts: { quarantined: 1 },
      done: [],
    });
    expect(decide(given(), position(12, 9), context(act("QUARANTINE")))).toMatchObject({
      counts: { quarantined: 0 },
      found: { state: "OPEN" },
      done: [opened],
    });
  });

  test("what would take unavailable units below 0 is left to a person", () => {
    const blocked: ErpBody = { kind: "StockBlocked", ...A, delta: 5 };
    const freed: ErpBody = { kind: "StockBlocked", ...A, delta: -5 };
    const scenario = given(
      ...history,
      event(5, blocked, { unavailableDelta: 5 }),
      event(7, freed, { unavailableDelta: -5 }),
    );
    expect(decide(scenario, position(15, 5, 3), context(act("HEAL")))).toMatchObject({
      counts: { drifted: 1, healed: 0 },
      found: { state: "OPEN" },
    });
    const found = { runId: "r", source: "erp", sku: "A", asOfSequence: 5, ourOnHand: 0, theirOnHand: 2 ** 53 - 1 };
    const units = { ourUnavailable: 0, theirUnavailable: 0, attribution };
    expect(heal(scenario.state, scenario.state.stocks.get(1)!, { ...found, ...units })).toBeUndefined();
  });
});

describe("the cause that is named", () => {
  const cause = (scenario: Scenario, about = context(), told = position(12, 9)) => {
    const { counts, found } = decide(scenario, told, about);
    expect(counts.causes).toEqual(DRIFT_CAUSES.map((name) => (name === found!.cause ? 1 : 0)));
    return [found!.cause, found!.causeDetail];
  };
  const letter = { deadLetterOf: (sku: string) => (sku === "A" ? "e8" : undefined) };

  test("is an event that could not be taken, before anything else", () => {
    expect(cause(given(...history), context({ ...letter, skipped: [2, 3] }))).toEqual(["DEAD_LETTER", "e8"]);
    expect(cause(given(), context(letter))).toEqual(["DEAD_LETTER", "e8"]);
  });

  test("is looked for after the last count or healing, up to the position", () => {
    const asked: unknown[] = [];
    const about = context({
      deadLetterOf: (...args) => {
        asked.push(args);
        return undefined;
      },
    });
    decide(given(...history), position(12, 9), about);
    decide(given(...history, event(6, count(15), {})), position(12, 8), about);
    decide(given(...history, healing(5, 1)), position(12, 9), about);
    expect(asked).toEqual([
      ["A", 0, 9],
      ["A", 6, 8],
      ["A", 5, 9],
    ]);
  });

  test("is a gap that was passed over, the newest that can have done it", () => {
    expect(cause(given(...history), context({ skipped: [2, 3] }))).toEqual(["SKIPPED_GAP", "2-3"]);
    expect(cause(given(...history), context({ skipped: [2, 3] }), position(12, 1))).toEqual(["UNKNOWN", ""]);
    expect(cause(given(...history, event(5, count(15), {})), context({ skipped: [2, 3] }))).toEqual(["UNKNOWN", ""]);
    expect(cause(given(), context({ skipped: [2, 3] }))).toEqual(["SKIPPED_GAP", "2-3"]);
  });

  test("is a dispatch that matched nothing, as long as units of it are unattached", () => {
    const scenario = given(...history);
    const { state } = scenario;
    const number = state.exceptions.count + 1;
    state.exceptions.add({
      number,
      stock: 1,
      event: { ...erpEvent(receipt(3)), sequence: 6, eventId: "e6" },
      quantity: 3,
      reason: "ORDER_NOT_COMMITTED",
      createdAtMs: 0,
      attached: 0,
      attachments: [],
      previousOfStock: 0,
    });
    state.stocks.touch(1).newestException = number;
    expect(cause(scenario)).toEqual(["UNMATCHED_DISPATCH", "e6"]);
    expect(cause(scenario, context(), position(12, 5))).toEqual(["UNKNOWN", ""]);
    state.exceptions.touch(number).attached = 3;
    expect(cause(scenario)).toEqual(["UNKNOWN", ""]);
  });

  test("is a change by hand: who healed the stock last, or that it came from another source", () => {
    const found: DriftFound = {
      kind: "DriftFound",
      runId: "earlier",
      source: "erp",
      sku: "A",
      asOfSequence: 4,
      ourOnHand: 15,
      theirOnHand: 14,
      ourUnavailable: 0,
      theirUnavailable: 0,
      cause: "UNKNOWN",
      causeDetail: "",
      isMissingThere: false,
      state: "OPEN",
      stock: 0,
    };
    const byPolicy = given(...history, { ...found, state: "HEALED" }, healing(4, -1));
    expect(cause(byPolicy)).toEqual(["UNKNOWN", ""]);
    const resolved: PartitionEvent = {
      kind: "DriftResolved",
      number: 1,
      state: "HEALED",
      attribution: { actor: "ann", reason: "counted" },
    };
    expect(cause(given(...history, found, healing(4, -1), resolved))).toEqual(["MANUAL_CHANGE", "ann"]);
    const moved: PartitionEvent = { kind: "StockSourceMoved", stock: 1, source: "wms", fromSequence: 6, attribution };
    const wms = context();
    Object.assign(wms.source, { name: "wms" });
    expect(cause(given(...history, moved), wms)).toEqual(["MANUAL_CHANGE", "moved to wms at 6"]);
  });
});
