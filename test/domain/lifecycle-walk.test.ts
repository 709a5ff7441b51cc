/** The machine against the domain: every transition and every refusal that XState knows, walked on a real reservation by real commands. */
import { describe, expect, test } from "vitest";
import { createMachine } from "xstate";
import { getShortestPaths, getSimplePaths } from "xstate/graph";
import type { Outcome } from "../../src/actor/service.js";
import { LIFECYCLE, type LifecycleEvent, nextState } from "../../src/domain/lifecycle.js";
import type { ReservationState } from "../../src/domain/reservation.js";
import { commit, reserve } from "../actor/commands.js";
import { NodeHarness } from "../node/node-harness.js";

const UNITS = 6;
const HOLD_MS = 60_000;
const machine = createMachine(LIFECYCLE);
const states = Object.keys(LIFECYCLE.states) as ReservationState[];
const events = [
  ...new Set(Object.values(LIFECYCLE.states).flatMap((state) => ("on" in state ? Object.keys(state.on) : []))),
] as LifecycleEvent[];

class Walk {
  readonly #node: NodeHarness;
  readonly #id: string;
  #requests = 0;

  private constructor(node: NodeHarness, id: string) {
    this.#node = node;
    this.#id = id;
  }

  static async begin(): Promise<Walk> {
    const node = await NodeHarness.start();
    await node.receive("A", UNITS * 3);
    const made = await node.ask(
      reserve("first", { A: UNITS }, { holdMs: HOLD_MS }),
      (answer) => answer.reservation!.id,
    );
    if (made.kind !== "answered") throw new Error("not reserved");
    return new Walk(node, made.value);
  }

  async seen() {
    const outcome = await this.#node.ask(
      { kind: "GetReservation", dealerId: "D1", reservationId: this.#id },
      ({ reservation: { state, revision, lines } }) => ({
        state,
        revision,
        open: lines[0]!.open,
        dispatched: lines[0]!.dispatched,
      }),
    );
    if (outcome.kind !== "answered") throw new Error("not found");
    return outcome.value;
  }

  /** Does what the event stands for. */
  async make(event: LifecycleEvent): Promise<void> {
    const { open } = await this.seen();
    switch (event) {
      case "extend":
        return this.#ask(this.#node.ask({ kind: "Extend", ...this.#request(), holdMs: HOLD_MS * 2 }, () => undefined));
      case "commit":
        return this.#ask(this.#node.ask(commit(this.#request().requestId, this.#id), () => undefined));
      case "release_part":
        return this.#release([{ sku: "A", quantity: 1 }]);
      case "release_rest":
        return this.#release([]);
      case "release_rest_after_dispatch":
        await this.#dispatch(1);
        return this.#release([]);
      case "dispatch_part":
        return this.#dispatch(1);
      case "dispatch_rest":
        return this.#dispatch(Math.max(1, open));
      case "dispatch_reversed":
        await this.#dispatch(1);
        return this.#reverse();
      case "provisional_confirmed":
        return this.#confirm();
      case "expire":
        return this.#node.advance(HOLD_MS * 3);
      case "risk_changed":
        await this.#node.erp({ kind: "StockCounted", warehouseId: "W1", sku: "A", onHand: 0 });
    }
  }

  #release(lines: readonly { readonly sku: string; readonly quantity: number }[]): Promise<void> {
    return this.#ask(
      this.#node.ask({ kind: "Release", ...this.#request(), lines, reason: "CANCELLED" }, () => undefined),
    );
  }

  async #dispatch(quantity: number): Promise<void> {
    const order = { reservationId: this.#id, orderId: "", dealerId: "" };
    await this.#node.erp({ kind: "OrderDispatched", warehouseId: "W1", sku: "A", quantity, ...order });
  }

  async #reverse(): Promise<void> {
    const reversedEventId = `erp-${this.#node.sent("erp")}`;
    await this.#node.erp({ kind: "EventReversed", warehouseId: "W1", sku: "A", reversedEventId });
  }

  /** What follows when the ERP is back, for whatever of the partition is committed. */
  async #confirm(): Promise<void> {
    const { engine } = this.#node.node;
    engine.enqueue({
      writes: true,
      decide(turn) {
        const partition = turn.store.partition(1);
        const { state } = partition.reservations.get(1)!;
        if (state === "COMMITTED") turn.record(partition, [{ kind: "ProvisionalConfirmed", reservation: 1 }]);
      },
      deliver() {},
      abort: (refusal) => expect.unreachable(refusal.message),
    });
    await this.#node.settle();
  }

  #request() {
    this.#requests += 1;
    return { requestId: `step-${this.#requests}`, dealerId: "D1", reservationId: this.#id };
  }

  async #ask(outcome: Promise<Outcome<unknown>>): Promise<void> {
    expect((await outcome).kind).not.toBe("failed");
  }
}

async function walkTo(state: ReservationState): Promise<Walk> {
  const walk = await Walk.begin();
  const [path] = getShortestPaths(machine, {
    events: events.map((type) => ({ type })),
    toState: (snapshot) => snapshot.value === state,
  });
  for (const { event } of path!.steps) if (event.type !== "xstate.init") await walk.make(event.type as LifecycleEvent);
  expect((await walk.seen()).state).toBe(state);
  return walk;
}

const steps = states.flatMap((state) =>
  events.map((event) => {
    const node = LIFECYCLE.states[state];
    const next = ("on" in node ? (node.on as Partial<Record<LifecycleEvent, ReservationState>>) : {})[event];
    return { state, event, next };
  }),
);

/** What needs a dispatch first. */
const TWO_STEPS = new Set<LifecycleEvent>(["release_rest_after_dispatch", "dispatch_reversed"]);

describe("the domain makes every transition of the machine, one revision each", () => {
  test.each(steps.filter(({ next }) => next !== undefined))("$event in $state leads to $next", async (step) => {
    const walk = await walkTo(step.state);
    const before = await walk.seen();
    await walk.make(step.event);
    const after = await walk.seen();
    expect(after.state).toBe(step.next);
    expect(after.revision).toBe(before.revision + (TWO_STEPS.has(step.event) ? 2 : 1));
  });
});

/** What names two events of the machine is one command: where the one is allowed, it is made, not refused. */
const NOT_ASKED = new Set(["PENDING release_rest_after_dispatch"]);

describe("the domain changes nothing where the machine has no transition", () => {
  test.each(steps.filter(({ state, event, next }) => next === undefined && !NOT_ASKED.has(`${state} ${event}`)))(
    "$event in $state",
    async ({ state, event }) => {
      const walk = await walkTo(state);
      const before = await walk.seen();
      await walk.make(event);
      expect(await walk.seen()).toEqual(before);
    },
  );
});

/** What may not come next: a shortfall refuses it by another rule than the machine's, or it has another name after a dispatch. */
const NOT_AFTER: { readonly [Event in LifecycleEvent]?: LifecycleEvent } = {
  risk_changed: "commit",
  dispatch_part: "release_rest",
};

/** Every path without a loop, as XState generates them, to wherever it ends. */
const paths = getSimplePaths(machine, { events: events.map((type) => ({ type })) }).map(({ steps: taken }) =>
  taken.flatMap(({ event }) => (event.type === "xstate.init" ? [] : [event.type as LifecycleEvent])),
);
/** Each of them, and each again with one more event on the way that leads back to its own state. */
const walks = [...paths, ...paths.flatMap(detours)].map((taken) => ({ taken, name: taken.join(", ") || "nothing" }));

function detours(path: readonly LifecycleEvent[]): LifecycleEvent[][] {
  return Array.from({ length: path.length + 1 }, (_, at) => {
    const state = stateAfter(path.slice(0, at));
    const loops = events.filter((event) => nextState(state, event) === state);
    const meant = loops.filter((event) => at === path.length || NOT_AFTER[event] !== path[at]);
    return meant.map((event) => [...path.slice(0, at), event, ...path.slice(at)]);
  }).flat();
}

function stateAfter(taken: readonly LifecycleEvent[]): ReservationState {
  return taken.reduce<ReservationState>((state, event) => nextState(state, event)!, LIFECYCLE.initial);
}

describe("the domain goes every path of the machine, state by state", () => {
  test("there are paths to every state, and a detour in each that is not final", () => {
    expect(new Set(paths.map(stateAfter))).toEqual(new Set(states));
    expect(walks.length).toBeGreaterThan(paths.length * 4);
  });

  test.each(walks)("$name", async ({ taken }) => {
    const walk = await Walk.begin();
    let { revision } = await walk.seen();
    for (const [index, event] of taken.entries()) {
      await walk.make(event);
      const now = await walk.seen();
      expect(now.state, event).toBe(stateAfter(taken.slice(0, index + 1)));
      expect(now.revision, event).toBeGreaterThan(revision);
      revision = now.revision;
    }
  });
});
