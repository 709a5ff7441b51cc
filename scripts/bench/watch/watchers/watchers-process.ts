/**
 * Watchers of one server, as a process of their own: they take what they are told, and answer the benchmark over the channel to it.
 * Each watcher has a connection of its own, as dealers do.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { WatchAvailabilityRequestSchema } from "../../../../src/gen/holdfast/v1/availability_service_pb.js";
import { Connection, type OutgoingMessage } from "../../load/connection.js";
import { paths } from "../../load/paths.js";
import { Figures } from "./figures.js";
import { type WatchCounts, Watcher } from "./watcher.js";
import type { Ask, FiguresSent, Told, WatchersOptions } from "./watchers-protocol.js";

/** A watcher reads little at a time. */
const BUFFER_BYTES = 16 * 1024;
const POLL_MS = 2;

class Watchers {
  readonly #counts: WatchCounts = { deliveries: 0, bytes: 0, samples: undefined };
  readonly #options: WatchersOptions;
  readonly #watchers: readonly Watcher[];
  #connections: Connection[] = [];

  constructor(options: WatchersOptions) {
    this.#options = options;
    const { dealerIds, stocks, sampledEvery, isBlind } = options;
    this.#watchers = dealerIds.map((dealerId, at) => {
      return new Watcher({ dealerId, at, stocks, isBlind, counts: this.#counts, isSampled: at % sampledEvery === 0 });
    });
  }

  /** Connects all of them, each going on from its cursor where it has one, and asks what they watch. */
  async open(): Promise<void> {
    const { port, isReading } = this.#options;
    const opened = this.#watchers.map(async (watcher) => {
      const connection = await Connection.open(port, BUFFER_BYTES);
      connection.broken.catch(fail);
      watcher.return();
      const call = connection.startCall(paths.watchAvailability, watcher);
      connection.send(call, question(watcher), true);
      connection.flush();
      if (!isReading) connection.stopReading();
      return connection;
    });
    this.#connections = await Promise.all(opened);
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.leave();
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }

  begin(): void {
    Object.assign(this.#counts, { deliveries: 0, bytes: 0, samples: [] });
  }

  counted(): Told {
    const { deliveries, bytes, samples } = this.#counts;
    this.#counts.samples = undefined;
    return { deliveries, bytes, samples: Float64Array.from(samples ?? []) };
  }

  /** Resolves when each knows what is given for its warehouse, by its place in the list of dealers. */
  async untilExact(sent: readonly FiguresSent[]): Promise<void> {
    const figures = sent.map(figuresOf);
    let behind = [...this.#watchers.entries()];
    for (;;) {
      behind = behind.filter(
        ([at, watcher]) => !watcher.isComplete || !watcher.figures.equals(figures[at % figures.length]!),
      );
      if (behind.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function figuresOf({ versions, available }: FiguresSent): Figures {
  const figures = new Figures(versions.length);
  figures.versions.set(versions);
  figures.available.set(available);
  return figures;
}

function question({ dealerId, cursor }: Watcher): OutgoingMessage {
  const bytes = toBinary(WatchAvailabilityRequestSchema, create(WatchAvailabilityRequestSchema, { dealerId, cursor }));
  return { byteLength: bytes.length, writeTo: (target, offset) => target.set(bytes, offset) };
}

function fail(failure: unknown): never {
  console.error(failure);
  process.exit(1);
}

let watchers: Watchers;

async function answer(ask: Ask): Promise<Told | undefined> {
  switch (ask.kind) {
    case "options":
      watchers = new Watchers(ask.options);
      return undefined;
    case "open":
      await watchers.open();
      return undefined;
    case "close":
      watchers.close();
      return undefined;
    case "begin":
      watchers.begin();
      return undefined;
    case "counted":
      return watchers.counted();
    case "untilExact":
      await watchers.untilExact(ask.figures);
      return undefined;
  }
}

process.on("message", (ask: Ask) => {
  answer(ask).then((told) => process.send?.(told ?? null), fail);
});
process.on("disconnect", () => process.exit(0));
