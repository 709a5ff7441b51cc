/** The tables over pages against plain maps: what a checkpoint takes is the state at its freeze, whatever changes meanwhile. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppendTable } from "../../src/snapshots/append-table.js";
import { KeyIndex } from "../../src/snapshots/key-index.js";
import { NumberedTable } from "../../src/snapshots/numbered-table.js";
import { OpenBitmap } from "../../src/snapshots/open-bitmap.js";
import type { PageSpace } from "../../src/snapshots/page-space.js";
import { chosenSeed } from "../journal/seeded-random.js";
import { COLUMN, type Item, itemCodec, Pages } from "./table-harness.js";

const seed = chosenSeed() | 0;
const PAGE_ITEMS = 4;

type TableStep =
  | { readonly kind: "add"; readonly value: number }
  | { readonly kind: "change"; readonly at: number; readonly value: number }
  | { readonly kind: "read"; readonly at: number }
  | { readonly kind: "peek"; readonly at: number }
  | { readonly kind: "freeze" }
  | { readonly kind: "stage"; readonly pages: number }
  | { readonly kind: "write" };

const value = fc.nat(200);
const at = fc.nat();
const tableSteps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: value.map((drawn): TableStep => ({ kind: "add", value: drawn })) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("change" as const), at, value }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("read" as const), at }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("peek" as const), at }) },
    { weight: 2, arbitrary: fc.constant<TableStep>({ kind: "freeze" }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("stage" as const), pages: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 2, arbitrary: fc.constant<TableStep>({ kind: "write" }) },
  ),
  { maxLength: 200, size: "max" },
);

interface Table {
  readonly count: number;
  get(number: number): Item | undefined;
  add(item: Item): void;
  freeze(): void;
  stageFrozen(pagesMax: number): number;
}

/** Plays steps on a table and on an array; after each checkpoint a table opened from the pages must show the frozen array. */
async function playTable<T extends Table>(
  steps: readonly TableStep[],
  make: (space: PageSpace, count: number) => T,
  more: (table: T, step: TableStep, number: number, model: number[]) => void,
): Promise<void> {
  const pages = new Pages();
  const table = make(pages.space, 0);
  const model: number[] = [];
  let frozen: readonly number[] | undefined;
  for (const step of steps) {
    const number = "at" in step && model.length > 0 ? (step.at % model.length) + 1 : 0;
    if (step.kind === "add") {
      model.push(step.value);
      table.add({ number: model.length, value: step.value });
    } else if (step.kind === "freeze") {
      if (frozen !== undefined) continue;
      table.freeze();
      frozen = [...model];
    } else if (step.kind === "stage") table.stageFrozen(step.pages);
    else if (step.kind === "write") {
      if (frozen === undefined) continue;
      while (table.stageFrozen(2) > 0);
      await pages.write();
      const opened = make(pages.asStored(), frozen.length);
      expect(frozen.map((_, index) => opened.get(index + 1)?.value)).toEqual(frozen);
      expect(opened.get(frozen.length + 1)).toBeUndefined();
      frozen = undefined;
    } else if (number > 0) {
      if (step.kind === "read") expect(table.get(number)).toEqual({ number, value: model[number - 1] });
      else more(table, step, number, model);
    }
    expect(table.count).toBe(model.length);
  }
  expect(model.map((_, index) => table.get(index + 1)?.value)).toEqual(model);
  expect(table.get(0)).toBeUndefined();
  expect(table.get(model.length + 1)).toBeUndefined();
}

describe("NumberedTable", () => {
  test("with almost nothing resident is an array, and a checkpoint takes it as it was at the freeze", async () => {
    let evictions = 0;
    await fc.assert(
      fc.asyncProperty(tableSteps, async (steps) => {
        const resident = new Set<number>();
        let first = true;
        await playTable(
          steps,
          (space, count) => {
            const observed = first;
            first = false;
            return new NumberedTable<Item>({
              space,
              column: COLUMN,
              codec: itemCodec,
              pageItems: PAGE_ITEMS,
              residentMax: () => 2,
              count,
              onLoad: (item) => observed && resident.add(item.number),
              onEvict: (number) => {
                if (!observed) return;
                evictions += 1;
                resident.delete(number);
              },
            });
          },
          (table, step, number, model) => {
            if (step.kind === "peek") {
              expect(table.peek(number)).toEqual({ number, value: model[number - 1] });
            } else if (step.kind === "change") {
              table.touch(number).value = step.value;
              model[number - 1] = step.value;
            }
            for (const loaded of resident) expect(table.resident(loaded)).toBeDefined();
          },
        );
      }),
      { seed, numRuns: 200 },
    );
    expect(evictions).toBeGreaterThan(100);
  });

  test("keeps no more than its bound once a checkpoint has taken what changed", async () => {
    const pages = new Pages();
    const table = new NumberedTable<Item>({
      space: pages.space,
      column: COLUMN,
      codec: itemCodec,
      pageItems: PAGE_ITEMS,
      residentMax: () => 20,
      count: 0,
    });
    for (let number = 1; number <= 500; number++) table.add({ number, value: number });
    expect(table.residentCount).toBe(500);
    table.freeze();
    while (table.stageFrozen(8) > 0);
    await pages.write();
    // The older half goes when as many again were used.
    for (let round = 0; round < 3; round++) for (let number = 1; number <= 500; number++) table.get(number);
    expect(table.residentCount).toBeLessThanOrEqual(21);
    expect(table.dirtyPages).toBe(0);
  });
});

describe("AppendTable", () => {
  const make = (space: PageSpace, count: number) =>
    new AppendTable<Item>({ space, column: COLUMN, codec: itemCodec, pageItems: PAGE_ITEMS, count });

  test("is a list that only grows, and a checkpoint takes it as it was at the freeze", async () => {
    await fc.assert(
      fc.asyncProperty(tableSteps, (steps) => playTable(steps, make, () => {})),
      { seed, numRuns: 200 },
    );
  });

  test("lets go of whole pages below a number, and no others", async () => {
    const pages = new Pages();
    const table = make(pages.space, 0);
    for (let number = 1; number <= 30; number++) table.add({ number, value: number });
    table.freeze();
    while (table.stageFrozen(2) > 0);
    await pages.write();
    table.dropBelow(11);
    table.freeze();
    await pages.write();
    const opened = make(pages.reopen(), 30);
    for (let number = 1; number <= 8; number++) expect(() => opened.get(number)).toThrow("is missing");
    for (let number = 9; number <= 30; number++) expect(opened.get(number)?.value).toBe(number);
  });
});

describe("KeyIndex", () => {
  /** Few hashes, so that keys collide; `isIt` tells them apart by number. */
  const hash = fc.oneof(fc.nat(3), fc.nat(2 ** 32 - 1));

  test("finds the newest number of a hash that is meant, from the first kept, also after a restart", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(hash, { minLength: 1, maxLength: 60 }),
        fc.array(hash, { maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 1, max: 5 }),
        async (before, after, dropAt, modulus) => {
          const pages = new Pages();
          const index = new KeyIndex(pages.space, COLUMN);
          for (const drawn of before) index.add(drawn);
          index.stage();
          await pages.write();
          const first = (dropAt % before.length) + 1;
          const opened = new KeyIndex(pages.reopen(), COLUMN);
          opened.load(before.length, 1);
          opened.dropBelow(first);
          for (const drawn of after) opened.add(drawn);
          const all = [...before, ...after];
          for (const wanted of [...new Set(all), 77]) {
            const isIt = (number: number) => number % modulus === 0;
            const expected = all.findLastIndex((drawn, at) => drawn === wanted && isIt(at + 1) && at + 1 >= first) + 1;
            expect(opened.find(wanted, isIt)).toBe(expected);
          }
        },
      ),
      { seed, numRuns: 200 },
    );
  });

  test("of many pages keeps what was added after each checkpoint, and forgets whole pages", async () => {
    const pages = new Pages();
    const index = new KeyIndex(pages.space, COLUMN);
    const hashOf = (number: number) => Math.imul(number, 2_654_435_761) >>> 0;
    let count = 0;
    for (const more of [4_095, 1, 1, 5_000, 4_096]) {
      for (let added = 0; added < more; added++) index.add(hashOf(++count));
      index.stage();
      await pages.write();
    }
    index.dropBelow(8_193);
    await pages.write();
    const opened = new KeyIndex(pages.reopen(), COLUMN);
    opened.load(count, 8_193);
    for (let number = 1; number <= count; number++) {
      expect(opened.find(hashOf(number), () => true)).toBe(number >= 8_193 ? number : 0);
    }
    expect(pages.space.table.generation(COLUMN, 0)).toBe(0);
    expect(() => new KeyIndex(pages.space, COLUMN).load(count, 1)).toThrow("is short");
  });
});

describe("KeyIndex that forgets as it grows", () => {
  test("finds what is kept, and only that, after its room was used again", async () => {
    const pages = new Pages();
    const index = new KeyIndex(pages.space, COLUMN);
    const hashOf = (number: number) => Math.imul(number, 2_654_435_761) >>> 0;
    const find = (from: KeyIndex, number: number) => from.find(hashOf(number), (candidate) => candidate === number);
    let first = 1;
    let count = 0;
    for (let round = 0; round < 40; round++) {
      for (let added = 0; added < 1_500; added++) index.add(hashOf(++count));
      first = Math.max(first, count - 5_000);
      index.dropBelow(first);
      index.stage();
      await pages.write();
      for (const number of [1, first - 1, first, first + 1, count - 1, count]) {
        expect(find(index, number), `${number} of ${count}`).toBe(number >= first ? number : 0);
      }
    }
    const opened = new KeyIndex(pages.reopen(), COLUMN);
    opened.load(count, first);
    for (let number = count - 6_000; number <= count; number++) {
      expect(find(opened, number)).toBe(number >= first ? number : 0);
    }
  });
});

describe("OpenBitmap", () => {
  test("comes back with exactly the open numbers that were staged", async () => {
    const number = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 32_760, max: 32_776 }),
      fc.constant(70_000),
    );
    const round = fc.array(fc.record({ number, open: fc.boolean() }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async (rounds) => {
        const pages = new Pages();
        const bitmap = new OpenBitmap(pages.space, COLUMN);
        const open = new Set<number>();
        for (const changes of rounds) {
          for (const change of changes) {
            if (change.open) open.add(change.number);
            else open.delete(change.number);
            bitmap.set(change.number, change.open);
          }
          bitmap.stage();
          await pages.write();
        }
        const opened = new OpenBitmap(pages.reopen(), COLUMN);
        opened.load(70_000);
        expect([...opened.numbers()]).toEqual([...open].sort((a, b) => a - b));
      }),
      { seed, numRuns: 100 },
    );
  });
});
