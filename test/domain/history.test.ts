/** Random histories keep the invariants, and their journal brings back the same state to the byte (decision 10). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyRecord } from "../../src/actor/apply.js";
import type { JournalRecord } from "../../src/domain/event.js";
import type { BlockPosition } from "../../src/journal/journal.js";
import { OUTCOME_TYPES } from "../../src/journal/records/codes.js";
import { readRecords } from "../../src/journal/records/record-reader.js";
import { type CheckpointFile, LogStore } from "../../src/snapshots/log-store.js";
import { MemoryPageStore } from "../../src/snapshots/memory-page-store.js";
import { pageHash } from "../../src/snapshots/page-space.js";
import { TABLES } from "../../src/snapshots/tables.js";
import { chosenSeed } from "../journal/seeded-random.js";
import { NodeHarness, SETTINGS } from "../node/node-harness.js";
import { expectedOutcomes, pictureOf } from "./expected-outcomes.js";
import { JournalLedger } from "./journal-ledger.js";
import { history, outage, play, SKUS } from "./random-history.js";

const seed = chosenSeed() | 0;
const SMALL = { stocksResidentMax: 1, reservationsResidentMax: 1, checkpointRecordsMax: 40 };

async function records(node: NodeHarness): Promise<readonly JournalRecord[]> {
  const all: JournalRecord[] = [];
  for await (const block of node.journal.read(undefined)) all.push(...readRecords(block.body));
  return all;
}

class MemoryCheckpointFile implements CheckpointFile {
  bytes: Uint8Array | undefined;

  async read(): Promise<Uint8Array | undefined> {
    return this.bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes;
  }
}

/** What a log that has had no open reservation between two checkpoints has not, and any other may have. */
const NONE_OPEN = Buffer.from(pageHash(new Uint8Array(4096))).toString("hex");

/** The hash of every page, by column: two states are the same to the byte when these are. */
function pageHashes(store: LogStore): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const column of store.space.table.columns()) {
    if (column.table === TABLES.openReservations.id && Buffer.from(column.hashes).toString("hex") === NONE_OPEN)
      continue;
    hashes.set(`${column.table}/${column.partition}`, Buffer.from(column.hashes).toString("hex"));
  }
  return hashes;
}

async function checkpointed(store: LogStore, position: BlockPosition, timeMs: number): Promise<LogStore> {
  await store.beginCheckpoint(timeMs).write(position);
  return store;
}

/** Replays all records, giving the state up and opening it again after `reopenAfter` of them. */
async function replayed(node: NodeHarness, reopenAfter: number): Promise<LogStore> {
  const pages = new MemoryPageStore();
  const file = new MemoryCheckpointFile();
  const position = node.journal.head!;
  let store = await LogStore.open(pages, file, { ...SETTINGS, ...SMALL });
  for (const [index, record] of (await records(node)).entries()) {
    if (index === reopenAfter) {
      await checkpointed(store, position, record.timeMs);
      store = await LogStore.open(pages, file, { ...SETTINGS, ...SMALL });
    }
    applyRecord(store, record);
  }
  return checkpointed(store, position, node.nowMs);
}

describe("a random history", () => {
  test("keeps I1, I2, I3, I8, I9, and marks at risk whom coverage leaves out", async () => {
    const seen = { ends: new Set<string>(), atRisk: 0 };
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const node = await NodeHarness.start(SMALL);
        await play(node, steps);
        expect(node.failures).toEqual([]);
        const ledger = new JournalLedger();
        for (const record of await records(node)) if (record.partition === 1) ledger.take(record);
        const partition = node.node.store.partition(1);
        expect(ledger.stocks.size).toBe(SKUS);
        for (const [number, stock] of ledger.stocks) {
          expect(node.figures(stock.sku)).toMatchObject({
            onHand: stock.onHand,
            unavailable: stock.unavailable,
            allocatedElsewhere: stock.allocated,
            reserved: ledger.open(number, false),
            committed: ledger.open(number, true),
          });
          const atRisk = [...ledger.reservations.values()].flatMap((reservation) =>
            reservation.lines.flatMap((line, index) =>
              line.stock === number && line.atRisk ? [`${reservation.number}/${index}`] : [],
            ),
          );
          expect(atRisk.sort()).toEqual(ledger.uncovered(number));
          seen.atRisk += atRisk.length;
        }
        expect(partition.reservations.count).toBe(ledger.reservations.size);
        for (const expected of ledger.reservations.values()) {
          const { state, revision, lines } = partition.reservations.get(expected.number)!;
          expect(state).toBe(expected.end || (expected.committedAt > 0 ? "COMMITTED" : "PENDING"));
          expect(revision).toBe(expected.revision);
          expect(lines).toMatchObject(expected.lines.map(({ granted, ...line }) => line));
          seen.ends.add(state);
        }
      }),
      { seed, numRuns: 40, interruptAfterTimeLimit: 30_000 },
    );
    expect([...seen.ends].sort()).toEqual(["COMMITTED", "EXPIRED", "FULFILLED", "PENDING", "RELEASED"]);
    expect(seen.atRisk).toBeGreaterThan(0);
  });

  test("tells in each record what became of orders by it, all of it and nothing else", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const node = await NodeHarness.start(SMALL);
        await play(node, steps);
        const ledger = new JournalLedger();
        let before = pictureOf(ledger);
        for (const record of await records(node)) {
          if (record.partition !== 1) continue;
          ledger.take(record);
          const after = pictureOf(ledger);
          const told = record.events.flatMap((event) => (event.kind === "OutcomesTold" ? event.outcomes : []));
          const names = told.map(({ reservation, type }) => `${reservation} ${type}`).sort();
          expect(names).toEqual(expectedOutcomes(before, after));
          for (const { reservation, revision, lines, type } of told) {
            const { revision: newest, lines: owned } = ledger.reservations.get(reservation)!;
            expect(revision).toBeLessThanOrEqual(newest);
            for (const { line, quantity, remaining } of lines) {
              expect(quantity).toBeGreaterThan(0);
              expect(remaining, type).toBe(owned[line]!.open);
            }
            seen.add(type);
          }
          before = after;
        }
      }),
      { seed, numRuns: 40, interruptAfterTimeLimit: 30_000, examples: [[outage]] },
    );
    expect([...seen].sort()).toEqual(OUTCOME_TYPES.filter((type) => type !== "").sort());
  });

  test("comes out of its journal the same to the byte, in one go or with a restart in between", async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(200), async (steps, reopenAfter) => {
        const node = await NodeHarness.start(SMALL);
        await play(node, steps);
        const live = pageHashes(await checkpointed(node.node.store, node.journal.head!, node.nowMs));
        expect(live.size).toBeGreaterThan(8);
        expect(pageHashes(await replayed(node, Number.POSITIVE_INFINITY))).toEqual(live);
        expect(pageHashes(await replayed(node, reopenAfter))).toEqual(live);
      }),
      { seed, numRuns: 20, interruptAfterTimeLimit: 30_000 },
    );
  });
});
