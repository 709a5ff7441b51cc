/** Deliberate bugs in what happens while an ERP is away and when it is back, to what comes late or is undone, and in drift. */
import type { DeliberateBug } from "./deliberate-bug.js";
import { replaceIn } from "./deliberate-bug.js";

type Degraded = typeof import("../../../src/domain/degraded.js");
type Stocks = typeof import("../../../src/domain/stock.js");
type Upkeep = typeof import("../../../src/erp/source-upkeep.js");
type Links = typeof import("../../../src/erp/source-links.js");
type Movements = typeof import("../../../src/domain/movement.js");
type Reversal = typeof import("../../../src/domain/decide/reversal.js");
type Coverage = typeof import("../../../src/domain/coverage.js");
type Accuracy = typeof import("../../../src/domain/accuracy.js");
type Source = typeof import("../../../src/domain/source.js");
type Turns = typeof import("../../../src/actor/turn.js");
type Drift = typeof import("../../../src/domain/drift.js");
type DriftEvents = typeof import("../../../src/domain/evolve/drift-events.js");
type Risk = typeof import("../../../src/domain/decide/resolve-risk.js");

export const BUGS_OF_OUTAGES: readonly DeliberateBug[] = [
  {
    name: "the buffer is shown and not taken off what can be promised",
    seeds: 20,
    shows: /shortages|outcome|figures|available/,
    plant() {
      replaceIn<Stocks>("domain/stock.js", (original) => ({
        availableToPromise: (stock, inherited) =>
          original.availableToPromise(stock, { ...inherited, degraded: { ...inherited.degraded, step: 0 } }),
      }));
      return {};
    },
  },
  {
    name: "the buffer stands at its first step",
    seeds: 10,
    shows: /degradedBuffer|shortages|outcome/,
    plant() {
      replaceIn<Degraded>("domain/degraded.js", (original) => ({
        degradedBuffer: (...how) => ({ ...original.degradedBuffer(...how), step: 1 }),
        nextStepAtMs: () => Number.POSITIVE_INFINITY,
      }));
      return {};
    },
  },
  {
    name: "what is committed while the ERP is away is not provisional",
    seeds: 20,
    shows: /provisional/,
    plant() {
      replaceIn<Turns>("actor/turn.js", (original) => {
        const { context } = original.Turn.prototype;
        original.Turn.prototype.context = function (...how) {
          return { ...context.call(this, ...how), isProvisional: false };
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "what is committed while a source catches up is not provisional",
    seeds: 40,
    shows: /provisional/,
    plant() {
      replaceIn<Turns>("actor/turn.js", (original) => {
        const { context } = original.Turn.prototype;
        original.Turn.prototype.context = function (...how) {
          const made = context.call(this, ...how);
          return { ...made, isProvisional: made.isProvisional && made.freshness.state === "STALE" };
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "provisional orders are confirmed as soon as the source speaks",
    seeds: 30,
    shows: /provisional|degradedBuffer|figures|shortages|revision|update_time|staleSinceMs|state/,
    plant() {
      replaceIn<Links>("erp/source-links.js", (original) => {
        const { look } = original.SourceLinks.prototype;
        original.SourceLinks.prototype.look = function (...how) {
          const state = look.call(this, ...how);
          return state === "CATCHING_UP" ? "LIVE" : state;
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "provisional orders are confirmed although nothing covers them",
    seeds: 90,
    shows: /P11|provisional/,
    plant() {
      confirmAs((orders) => orders, true);
      return {};
    },
  },
  {
    name: "provisional orders are confirmed newest first",
    seeds: 30,
    shows: /P11: .* committed earlier/,
    plant() {
      confirmAs((orders) => orders.toReversed(), false);
      return {};
    },
  },
  {
    name: "an order that is covered again stays provisional",
    seeds: 45,
    shows: /provisional|revision|update_time/,
    plant() {
      replaceIn<Coverage>("domain/coverage.js", () => ({ confirmationAfter: () => undefined }));
      return {};
    },
  },
  {
    name: "a source that is lost is not lost any more after a crash",
    seeds: 20,
    shows: /STALE|provisional|degradedBuffer|staleSinceMs|figures/,
    plant() {
      replaceIn<Upkeep>("erp/source-upkeep.js", (original) => {
        const { run } = original.SourceUpkeep.prototype;
        const started = new WeakSet<object>();
        original.SourceUpkeep.prototype.run = function (turn) {
          if (!started.has(this)) {
            started.add(this);
            for (const source of turn.system.sources) (source as { staleSinceMs: number }).staleSinceMs = 0;
          }
          run.call(this, turn);
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "a late event is applied although its stock was counted since",
    seeds: 90,
    shows: /SUPERSEDED/,
    plant() {
      replaceIn<Movements>("domain/movement.js", (original) => ({
        figuresAt(...how) {
          const then = original.figuresAt(...how);
          return then === undefined ? undefined : { ...then, isSuperseded: false };
        },
      }));
      return {};
    },
  },
  {
    name: "what was passed over and came late is taken each time that it comes",
    seeds: 30,
    shows: /DUPLICATE|SEQUENCE_REUSED|disposition/,
    plant() {
      replaceIn<Source>("domain/source.js", (original) => {
        original.Source.prototype.arrivedLate = () => {};
        return {};
      });
      return {};
    },
  },
  {
    name: "an event can be undone twice",
    seeds: 100,
    shows: /ALREADY_REVERSED|no more returns than was dispatched|figures/,
    plant() {
      replaceIn<Reversal>("domain/decide/reversal.js", (original) => ({
        decideReversal(state, ...how) {
          // As if no movement had ever undone another.
          const movements = { get: (number: number) => withoutReverses(state.movements.get(number)) };
          const blind = Object.create(state, { movements: { value: movements } }) as typeof state;
          return original.decideReversal(blind, ...how);
        },
      }));
      return {};
    },
  },
  {
    name: "a dispatch that is undone gives its units to nobody",
    seeds: 20,
    shows:
      /committed|lines|revision|reopened|is gone|figures|shortages|outcome|dispatchExceptions|ListDispatchExceptions/,
    plant() {
      replaceIn<Reversal>("domain/decide/reversal.js", (original) => ({
        decideReversal(...how) {
          const reversal = original.decideReversal(...how);
          return typeof reversal === "string" ? reversal : { ...reversal, events: [] };
        },
      }));
      return {};
    },
  },
  {
    name: "units of a dispatch that is undone stay among those fulfilled",
    seeds: 45,
    shows: /accuracy/,
    plant() {
      replaceIn<Accuracy>("domain/accuracy.js", (original) => ({
        countEnded(state, stock, units, timeMs) {
          if (units.fulfilled >= 0) original.countEnded(state, stock, units, timeMs);
        },
      }));
      return {};
    },
  },
  {
    name: "events that were applied after a position was taken count as drift",
    seeds: 20,
    shows: /what the run came to|promised|figures/,
    plant() {
      replaceIn<Movements>("domain/movement.js", (original) => ({
        figuresAt: (state, stock, source, sequence) =>
          original.figuresAt(state, stock, source, sequence) && { ...stock, isSuperseded: false, isHealed: false },
      }));
      return {};
    },
  },
  {
    name: "drift of a single unit is missed",
    seeds: 20,
    shows: /what the run came to/,
    plant() {
      replaceIn<Drift>("domain/drift.js", (original) => ({
        isDrift: (ours, theirs, policy) => Math.abs(ours - theirs) > 1 && original.isDrift(ours, theirs, policy),
      }));
      return {};
    },
  },
  {
    name: "a stock that has drifted is healed twice",
    seeds: 20,
    shows: /onHand|figures|shortages|available|what the run came to/,
    plant() {
      replaceIn<DriftEvents>("domain/evolve/drift-events.js", (original) => ({
        evolveHealed(state, event, stamp, touched) {
          original.evolveHealed(state, event, stamp, touched);
          state.stocks.touch(event.stock).onHand += event.onHandDelta;
        },
      }));
      return {};
    },
  },
  {
    name: "an order at risk that is kept is listed as before",
    seeds: 20,
    shows: /page|kept/,
    plant() {
      replaceIn<Risk>("domain/decide/resolve-risk.js", (original) => ({
        decideResolveRisk(state, number, command) {
          const decided = original.decideResolveRisk(state, number, command);
          return command.resolution === "KEEP" && !("reason" in decided) ? [] : decided;
        },
      }));
      return {};
    },
  },
];

function withoutReverses<M extends { readonly reverses: number }>(movement: M | undefined): M | undefined {
  return movement === undefined ? undefined : { ...movement, reverses: 0 };
}

/** Confirms the provisional orders of a warehouse as they stand in another order, or those that are at risk too. */
function confirmAs(order: (numbers: readonly number[]) => readonly number[], evenAtRisk: boolean): void {
  replaceIn<Upkeep>("erp/source-upkeep.js", (original) => {
    const { run } = original.SourceUpkeep.prototype;
    original.SourceUpkeep.prototype.run = function (turn) {
      const partitions = [...turn.store.partitions.values()];
      const before = partitions.map(({ provisional }) => [...provisional]);
      const set = (provisional: Set<number>, numbers: readonly number[]): void => {
        provisional.clear();
        for (const number of numbers) provisional.add(number);
      };
      for (const [index, { provisional }] of partitions.entries()) set(provisional, order(before[index]!));
      run.call(this, turn);
      for (const [index, { provisional }] of partitions.entries()) {
        const left = new Set(provisional);
        set(
          provisional,
          before[index]!.filter((number) => left.has(number)),
        );
      }
      if (!evenAtRisk) return;
      for (const partition of partitions) {
        const left = partition.degraded.step > 0 ? [] : [...partition.provisional];
        if (left.length === 0) continue;
        turn.record(
          partition,
          left.map((reservation) => ({ kind: "ProvisionalConfirmed", reservation })),
        );
      }
    };
    return {};
  });
}
