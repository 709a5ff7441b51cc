/** The reservation lifecycle: the compiled table against XState, every path to its end, and the diagram in the docs. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMachine, transition } from "xstate";
import { getAdjacencyMap, getSimplePaths } from "xstate/graph";
import { LIFECYCLE_DOCUMENT, lifecycleDiagram, withDiagram } from "../../scripts/lifecycle-diagram.js";
import { LIFECYCLE, type LifecycleEvent, nextState } from "../../src/domain/lifecycle.js";
import { isOpen, type ReservationState } from "../../src/domain/reservation.js";

const machine = createMachine(LIFECYCLE);
const states = Object.keys(LIFECYCLE.states) as ReservationState[];
const events = [
  ...new Set(Object.values(LIFECYCLE.states).flatMap((state) => ("on" in state ? Object.keys(state.on) : []))),
] as LifecycleEvent[];
const graphEvents = events.map((type) => ({ type }));
const table = states.flatMap((state) => events.map((event) => ({ state, event })));

/** What XState's pure function makes of an event; undefined where the machine has no such transition. */
function byXState(state: ReservationState, type: LifecycleEvent): ReservationState | undefined {
  const snapshot = machine.resolveState({ value: state });
  if (!snapshot.can({ type })) return undefined;
  const [next] = transition(machine, snapshot, { type });
  return next.value as ReservationState;
}

describe("the compiled table equals XState's transition()", () => {
  test.each(table)("$event in $state", ({ state, event }) => {
    expect(nextState(state, event)).toBe(byXState(state, event));
  });

  test("the table is neither empty nor full: some events are refused in some states", () => {
    const allowed = table.filter(({ state, event }) => nextState(state, event) !== undefined);
    expect(table).toHaveLength(5 * events.length);
    expect(allowed.length).toBeGreaterThan(states.length);
    expect(allowed.length).toBeLessThan(table.length);
  });
});

describe("each reservation ends, once (I3)", () => {
  const paths = getSimplePaths(machine, { events: graphEvents }).map((path) =>
    path.steps.map((step) => step.state).filter((snapshot, index, all) => index === 0 || snapshot !== all[index - 1]),
  );
  const adjacency = Object.values(getAdjacencyMap(machine, { events: graphEvents }));

  test("every state is on some path from the initial one", () => {
    expect(new Set(paths.map((path) => path.at(-1)?.value))).toEqual(new Set(states));
  });

  test("on every path only the last step may be an end, and nothing follows it", () => {
    for (const path of paths) {
      for (const snapshot of path.slice(0, -1)) expect(snapshot.status).toBe("active");
    }
    const ends = adjacency.filter(({ state }) => state.status === "done");
    expect(ends.map(({ state }) => state.value).sort()).toEqual(["EXPIRED", "FULFILLED", "RELEASED"]);
    for (const { state } of ends) for (const event of graphEvents) expect(state.can(event)).toBe(false);
  });

  test("from every open state some path leads to an end, and open is what isOpen says", () => {
    for (const state of states) {
      const snapshot = machine.resolveState({ value: state });
      const reachable = getSimplePaths(machine, { events: graphEvents, fromState: snapshot });
      expect(reachable.some((path) => path.state.status === "done")).toBe(true);
      expect(isOpen(state)).toBe(snapshot.status === "active");
    }
  });

  test("an expiry after a commit and a commit after an expiry are both refused (I10)", () => {
    expect(nextState("COMMITTED", "expire")).toBeUndefined();
    expect(nextState("EXPIRED", "commit")).toBeUndefined();
  });
});

describe("docs/reservation-lifecycle.md", () => {
  const document = readFileSync(LIFECYCLE_DOCUMENT, "utf8");

  test("shows the machine as it is; `npm run diagrams` writes it", () => {
    expect(withDiagram(document)).toBe(document);
  });

  test("a diagram that is out of date is noticed", () => {
    const stale = document.replace("PENDING --> EXPIRED", "PENDING --> RELEASED");
    expect(stale).not.toBe(document);
    expect(withDiagram(stale)).not.toBe(stale);
  });

  test("the diagram has an arrow for every transition of the table, and no other", () => {
    const drawn = lifecycleDiagram()
      .split("\n")
      .map((line) => /^ {4}(\w+) --> (\w+) : (.*)$/.exec(line))
      .flatMap((match) =>
        (match?.[3] ?? "")
          .split(", ")
          .filter(Boolean)
          .map((event) => `${match?.[1]} ${event} ${match?.[2]}`),
      );
    const allowed = table
      .map(({ state, event }) => ({ state, event, next: nextState(state, event) }))
      .filter(({ next }) => next !== undefined)
      .map(({ state, event, next }) => `${state} ${event} ${next}`);
    expect(drawn.sort()).toEqual(allowed.sort());
  });

  test("every transition is explained", () => {
    for (const event of events) expect(document).toContain(`| \`${event}\` |`);
  });
});
