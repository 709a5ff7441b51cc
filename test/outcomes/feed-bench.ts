/** A feed of orders on a journal in memory, told of each block as the engine tells it, and what everyone is to be told. */
import type { OrderMessage, OrderQuery, OrderWatch } from "../../src/actor/service.js";
import type { JournalRecord, OutcomesTold } from "../../src/domain/event.js";
import type { Reservation } from "../../src/domain/reservation.js";
import type { SystemState } from "../../src/domain/system-state.js";
import type { BlockPosition, BlockStart, JournalHistory } from "../../src/journal/journal.js";
import { MemoryJournal } from "../../src/journal/memory-journal.js";
import { writeRecord } from "../../src/journal/records/record-writer.js";
import { WireWriter } from "../../src/journal/records/wire.js";
import { OrderFeed } from "../../src/outcomes/order-feed.js";
import { HandTimers } from "../journal/journal-run.js";

/** So few that a consumer that rests for a while has to be read to. */
const SMALL = { ringOutcomesMax: 16, ringCostMax: 60, readOutcomesMax: 5 };

/** Source `s1` feeds partition 1, `s2` feeds 2, `both` feeds both. */
const FEEDS: Readonly<Record<string, readonly number[]>> = { s1: [1], s2: [2], both: [1, 2] };

function systemOf(epoch: number): SystemState {
  return {
    epoch,
    nonce: () => "0000000a",
    feedChanges: 0,
    source: (name: string) => (name in FEEDS ? { name } : undefined),
    feeds: ({ name }: { readonly name: string }) => new Set(FEEDS[name]),
  } as unknown as SystemState;
}

/** Outcomes of one record. */
export interface Happening {
  readonly partition: number;
  readonly outcomes: number;
  /** Whose they are; `D` unless it is said. */
  readonly dealerId?: string;
  /** Written as journals were before outcomes said whose they are. */
  readonly isOld?: boolean;
}

interface Told {
  readonly partition: number;
  /** `partition/reservation`. */
  readonly name: string;
  readonly dealerId: string;
}

export class FeedBench {
  readonly journal = new MemoryJournal();
  readonly timers = new HandTimers();
  readonly feed: OrderFeed;
  /** Times that the journal was read from. */
  reads = 0;
  /** Blocks up to this one are no longer kept. */
  forgotten = 0;
  /** Times that somebody's number in a partition was looked for. */
  dealersSought = 0;
  /** All that was told. */
  readonly told: Told[] = [];
  readonly #sequences = [0, 0, 0];
  /** By partition, its dealers in the order of their first order there; the first has number 1. */
  readonly #dealers: readonly string[][] = [[], [], []];

  constructor(bounds = SMALL) {
    const history: JournalHistory = {
      oldest: async (): Promise<BlockStart> => {
        const block = this.forgotten + 1;
        return { block, segment: 1, offset: block };
      },
      open: async (start) => {
        this.reads += 1;
        return start.block <= this.forgotten ? undefined : this.journal.open(start);
      },
    };
    const find = (partition: number, number: number) =>
      ({
        id: `${partition}/${number}`,
        dealerId: this.told[number - 1]!.dealerId,
        orderId: "O",
        warehouseId: "W",
        lines: [{ sku: "A" }],
      }) as unknown as Reservation;
    this.feed = new OrderFeed({
      system: systemOf(1),
      find,
      findDealer: (partition, dealerId) => {
        this.dealersSought += 1;
        const index = this.#dealers[partition]!.indexOf(dealerId);
        return index < 0 ? undefined : index + 1;
      },
      history,
      timers: this.timers,
      head: undefined,
      onFailure: (cause) => {
        throw cause;
      },
      bounds,
    });
  }

  /** One block with so many outcomes for each of its records, by partition. */
  async append(happenings: readonly Happening[]): Promise<void> {
    const writer = new WireWriter();
    const publications: ((position: BlockPosition) => void)[] = [];
    const spans = new Map<number, { epoch: number; firstSequence: number; lastSequence: number }>();
    for (const happening of happenings) {
      const { partition } = happening;
      const sequence = this.#sequences[partition]! + 1;
      this.#sequences[partition] = sequence;
      const told = this.#outcomes(happening);
      const stamp = { sequence, timeMs: 1_000 };
      const record: JournalRecord = {
        partition,
        epoch: 1,
        ...stamp,
        events: [{ kind: "HoldExpired", reservation: 1 }, told],
      };
      writeRecord(writer, record);
      publications.push(this.feed.told(partition, stamp, told));
      const span = spans.get(partition);
      if (span === undefined) spans.set(partition, { epoch: 1, firstSequence: sequence, lastSequence: sequence });
      else span.lastSequence = sequence;
    }
    const position = await this.journal.append({
      body: writer.bytes(),
      recordCount: happenings.length,
      spans: [...spans].map(([partition, span]) => ({ partition, ...span })),
    });
    for (const publish of publications) publish(position);
    this.feed.durable(position);
  }

  #outcomes({ partition, outcomes: count, dealerId = "D", isOld = false }: Happening): OutcomesTold {
    const dealers = this.#dealers[partition]!;
    if (count > 0 && !dealers.includes(dealerId)) dealers.push(dealerId);
    const dealer = isOld ? 0 : dealers.indexOf(dealerId) + 1;
    const outcomes = Array.from({ length: count }, () => {
      const reservation = this.told.length + 1;
      this.told.push({ partition, name: `${partition}/${reservation}`, dealerId });
      const lines = [{ line: 0, quantity: 1, remaining: 1 }];
      return { type: "COMMITTED" as const, reservation, dealer, revision: 1, lines, reason: "" };
    });
    return { kind: "OutcomesTold", outcomes };
  }

  /** By source `both` unless a source or a dealer is named. */
  async watch(query: Partial<OrderQuery>): Promise<OrderWatch> {
    const source = query.dealerId === undefined ? "both" : "";
    const watch = await this.feed.watch({ source, dealerId: "", cursor: "", fromOldest: false, ...query });
    if ("reason" in watch) throw new Error(watch.reason);
    return watch;
  }

  /** What a source is to be told. */
  of(source: string): readonly string[] {
    return this.told.filter(({ partition }) => FEEDS[source]!.includes(partition)).map(({ name }) => name);
  }

  /** What a dealer is to be told. */
  ofDealer(dealer: string): readonly string[] {
    return this.told.filter(({ dealerId }) => dealerId === dealer).map(({ name }) => name);
  }
}

export async function message(watch: OrderWatch): Promise<OrderMessage> {
  const next = await watch.next();
  if (next === undefined || "reason" in next) throw new Error(next?.reason ?? "over");
  return next;
}

export async function take(watch: OrderWatch, count: number): Promise<string[]> {
  const names: string[] = [];
  while (names.length < count) {
    const { event } = await message(watch);
    if (event !== undefined) names.push(event.reservationId);
  }
  return names;
}
