/** Deliberate bugs in what is durable when, in what a restart believes, and in time. */
import type { Disk, DiskFile } from "../../../src/journal/disk.js";
import type { Journal } from "../../../src/journal/journal.js";
import type { SimulatedDisk } from "../simulated-disk.js";
import type { Seams } from "../world.js";
import type { DeliberateBug } from "./deliberate-bug.js";
import { replaceIn } from "./deliberate-bug.js";

type Checkpointers = typeof import("../../../src/actor/checkpointer.js");
type Apply = typeof import("../../../src/actor/apply.js");
type Time = typeof import("../../../src/actor/service-time.js");
type Settle = typeof import("../../../src/journal/settle-tail.js");
type Segments = typeof import("../../../src/journal/segment-reader.js");
type View = typeof import("../../../src/availability/view.js");
type Table = typeof import("../../../src/snapshots/page-table.js");
type Prune = typeof import("../../../src/images/prune-journal.js");

export const BUGS_OF_DURABILITY: readonly DeliberateBug[] = [
  {
    name: "an answer is given before it is durable",
    seeds: 3,
    shows: /answered before record/,
    plant: () => ({
      node({ engine }) {
        const enqueue = engine.enqueue.bind(engine);
        engine.enqueue = (task) =>
          enqueue({
            writes: task.writes,
            decide(turn) {
              task.decide(turn);
              void Promise.resolve().then(() => task.deliver());
            },
            deliver: () => {},
            abort: () => {},
          });
      },
    }),
  },
  {
    name: "figures are published before they are durable",
    seeds: 50,
    shows: /I11/,
    plant() {
      replaceIn<View>("availability/view.js", (original) => {
        const { stocks } = original.AvailabilityView.prototype;
        original.AvailabilityView.prototype.stocks = function (partition, touched) {
          const publish = stocks.call(this, partition, touched);
          try {
            publish();
            return () => {};
          } catch {
            // The warehouse itself is not published yet.
            return publish;
          }
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "appends are written and not synced",
    seeds: 10,
    shows: /I5|refused|is missing|is durable/,
    plant: () => ({
      disk: (disk) =>
        withDurable(disk, async (path) => {
          const file = await disk.openDurable(path);
          if (!path.endsWith(".seg")) return file;
          return {
            ...file,
            async write(from, start, length, position) {
              const written = await file.write(from, start, length, position);
              disk.memory.forget(path, position);
              return written;
            },
          };
        }),
    }),
  },
  {
    name: "a failed write is ignored",
    seeds: 50,
    shows: /is missing|I5|block|refused/,
    plant: () => ({
      disk: (disk) =>
        withDurable(disk, async (path) => {
          const file = await disk.openDurable(path);
          return { ...file, write: (...how) => file.write(...how).catch(() => how[2]) };
        }),
    }),
  },
  {
    name: "blocks after WITNESS are not written again when the log is opened",
    seeds: 100,
    shows: /refused|is durable|is missing|I5/,
    plant() {
      replaceIn<Settle>("journal/settle-tail.js", (original) => ({
        settleTail: (disk, folder, options) =>
          original.settleTail(disk, folder, { ...options, durable: options.end.head }),
      }));
      return {};
    },
  },
  {
    name: "damage within the journal is cut as if it were torn",
    seeds: 120,
    shows: /turned over/,
    plant() {
      replaceIn<Segments>("journal/segment-reader.js", (original) => {
        const { search } = original.SegmentReader.prototype;
        original.SegmentReader.prototype.search = async function (offset, block) {
          return { ...(await search.call(this, offset, block)), later: undefined };
        };
        return {};
      });
      return {};
    },
  },
  {
    name: "a replay skips a record",
    seeds: 5,
    shows: /AssertionFailed|expected|records lead to/,
    plant() {
      replaceIn<Apply>("actor/apply.js", (original) => {
        let records = 0;
        return {
          applyRecord(store, record) {
            records += 1;
            if (records % 10 !== 0 || record.partition === 0) original.applyRecord(store, record);
            else store.partition(record.partition).sequence = record.sequence;
          },
        };
      });
      return {};
    },
  },
  {
    name: "the checkpoint moves on too early",
    seeds: 40,
    shows: /goes on at|CHECKPOINT/,
    plant: () => checkpointAtFreeze(),
  },
  {
    name: "a page is believed without proof",
    seeds: 60,
    shows: /the process ended|the engine failed|a decision threw|expected|records lead to|from \d images/,
    plant() {
      replaceIn<Table>("snapshots/page-table.js", (original) => {
        original.PageTable.prototype.matches = () => true;
        return {};
      });
      return {};
    },
  },
  {
    name: "segments go that only one image covers",
    seeds: 90,
    shows: /one of them damaged/,
    plant() {
      replaceIn<Prune>("images/prune-journal.js", (original) => ({
        pruneJournal({ images: [newest], ...options }) {
          return original.pruneJournal({ ...options, images: newest === undefined ? [] : [newest, newest] });
        },
      }));
      return {};
    },
  },
  {
    name: "a jump of the wall clock expires all",
    seeds: 30,
    shows: /service time went on/,
    plant() {
      replaceIn<Time>("actor/service-time.js", () => ({ ServiceTime: WallTime as never }));
      return {};
    },
  },
];

class WallTime {
  readonly #clock: { wallMs(): number };
  #lastMs: number;

  constructor(clock: { wallMs(): number }, lastDurableMs: number) {
    this.#clock = clock;
    this.#lastMs = lastDurableMs;
  }

  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, Math.floor(this.#clock.wallMs()));
    return this.#lastMs;
  }
}

function withDurable(disk: SimulatedDisk, openDurable: (path: string) => Promise<DiskFile>): Disk {
  return {
    makeFolder: (path) => disk.makeFolder(path),
    list: (folder) => disk.list(folder),
    open: (path) => disk.open(path),
    openDurable,
    create: (path) => disk.create(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
    freeBytes: (folder) => disk.freeBytes(folder),
  };
}

/** Its state is taken for durable as soon as it is frozen. */
function checkpointAtFreeze(): Seams {
  let journal: Journal | undefined;
  replaceIn<Checkpointers>("actor/checkpointer.js", (original) => {
    const { begin, durable } = original.Checkpointer.prototype;
    original.Checkpointer.prototype.begin = function (timeMs) {
      begin.call(this, timeMs);
      durable.call(this, journal!.head!);
    };
    original.Checkpointer.prototype.durable = () => {};
    return {};
  });
  return {
    node(_node, options) {
      journal = options.journal;
    },
  };
}
