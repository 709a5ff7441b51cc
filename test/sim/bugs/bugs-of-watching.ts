/** Deliberate bugs in what those are told who watch availability. */
import type { WatchStart } from "../../../src/availability/watch-session.js";
import type { DeliberateBug } from "./deliberate-bug.js";
import { replaceIn } from "./deliberate-bug.js";

type Views = typeof import("../../../src/availability/view.js");
type Sessions = typeof import("../../../src/availability/watch-session.js");
type Logs = typeof import("../../../src/availability/change-log.js");

const HOUR_MS = 3_600_000;

export const BUGS_OF_WATCHING: readonly DeliberateBug[] = [
  {
    name: "figures are shown before they are durable",
    seeds: 10,
    isWatched: true,
    shows: /I11|I5/,
    plant() {
      replaceIn<Views>("availability/view.js", ({ AvailabilityView }) => {
        const { stocks } = AvailabilityView.prototype;
        AvailabilityView.prototype.stocks = function (partition, changed) {
          const show = stocks.call(this, partition, changed);
          // A warehouse that is new in this block is not there yet.
          const isThere = ["W1", "W2"].some((id) => this.warehouse(id)?.partition === partition);
          if (isThere) show();
          return show;
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "a cursor of another process is taken for an hour newer than it is",
    seeds: 10,
    isWatched: true,
    shows: /P13: at rest .* does not know/,
    plant() {
      replaceIn<Sessions>("availability/watch-session.js", ({ WatchSession }) => {
        const { resume } = WatchSession.prototype;
        WatchSession.prototype.resume = function ({ place, snapshotNext }: WatchStart) {
          resume.call(this, { place: { ...place, timeMs: place.timeMs + HOUR_MS }, snapshotNext });
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "a watch stays where it is when its dealer is served by another warehouse",
    seeds: 10,
    isWatched: true,
    shows: /P13/,
    plant() {
      replaceIn<Sessions>("availability/watch-session.js", ({ WatchSession }) => {
        WatchSession.prototype.move = () => {};
        return {};
      });
      return {};
    },
  },
  {
    name: "of a stock that changes again before it was told the newest figures are not told",
    seeds: 10,
    isWatched: true,
    shows: /P13: at rest .* does not know/,
    plant() {
      replaceIn<Logs>("availability/change-log.js", ({ ChangeLog }) => {
        const { note } = ChangeLog.prototype;
        const last = new WeakMap<object, number>();
        ChangeLog.prototype.note = function (stock) {
          if (last.get(this) !== stock) note.call(this, stock);
          last.set(this, stock);
        };
        return {};
      });
      return {};
    },
  },
];
