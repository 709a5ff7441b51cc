/** What is derived from the reservations, each against the plainest model of it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeadlineHeap } from "../../src/domain/deadline-heap.js";
import { OpenLines } from "../../src/domain/open-lines.js";
import { OrderIndex } from "../../src/domain/order-index.js";
import { chosenSeed } from "../journal/seeded-random.js";

const seed = chosenSeed() | 0;
const number = fc.integer({ min: 1, max: 30 });

describe("DeadlineHeap", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("set" as const), number, deadlineMs: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), number }) },
  );

  test("has the earliest deadline first, and of one deadline the lowest number, whatever was moved or taken out", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const heap = new DeadlineHeap();
        const model = new Map<number, number>();
        const sorted = () => [...model].sort(([a, x], [b, y]) => x - y || a - b);
        for (const taken of steps) {
          if (taken.kind === "set") {
            heap.set(taken.number, taken.deadlineMs);
            model.set(taken.number, taken.deadlineMs);
          } else {
            heap.delete(taken.number);
            model.delete(taken.number);
          }
          const [first = [0, Number.POSITIVE_INFINITY] as const] = sorted();
          expect([heap.earliest, heap.earliestMs, heap.size]).toEqual([...first, model.size]);
        }
        const left = sorted();
        for (const [expected, deadlineMs] of left) {
          expect([heap.earliest, heap.earliestMs]).toEqual([expected, deadlineMs]);
          heap.delete(expected);
        }
        expect(heap.size).toBe(0);
      }),
      { seed, numRuns: 300 },
    );
  });

  test("of 5,000 holds grows and comes out in order", () => {
    const heap = new DeadlineHeap();
    for (let hold = 1; hold <= 5_000; hold++) heap.set(hold, (hold * 7_919) % 1_000);
    const out: [number, number][] = [];
    while (heap.size > 0) {
      out.push([heap.earliestMs, heap.earliest]);
      heap.delete(heap.earliest);
    }
    expect(out).toHaveLength(5_000);
    expect(out).toEqual([...out].sort(([a, x], [b, y]) => a - b || x - y));
  });
});

describe("OrderIndex", () => {
  const orderId = fc.constantFrom("O1", "O2", "Ö3");
  const step = fc.record({ adds: fc.boolean(), orderId, number });

  test("names the open reservations of an order in the order of their making", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat(), (steps, hashSeed) => {
        const index = new OrderIndex(hashSeed);
        const model: { orderId: string; number: number }[] = [];
        for (const taken of steps) {
          const known = model.findIndex((entry) => entry.orderId === taken.orderId && entry.number === taken.number);
          if (taken.adds && known === -1) {
            model.push({ orderId: taken.orderId, number: taken.number });
            index.add(taken.orderId, taken.number);
          } else if (!taken.adds) {
            if (known !== -1) model.splice(known, 1);
            index.delete(taken.orderId, taken.number);
          }
          const numbers = model.filter((entry) => entry.orderId === taken.orderId).map((entry) => entry.number);
          expect(index.candidates(taken.orderId)).toEqual(numbers);
        }
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe("OpenLines", () => {
  interface ModelLine {
    readonly reservation: number;
    readonly line: number;
    readonly stock: number;
    readonly kind: "hold" | "commit";
    readonly order: number;
    open: number;
    atRisk: boolean;
  }
  /** Beyond the first thousand, so that the ends have to grow. */
  const stock = fc.constantFrom(1, 2, 1_500);
  const lines = fc.uniqueArray(fc.record({ stock, open: fc.nat(3), atRisk: fc.boolean() }), {
    selector: (line) => line.stock,
    minLength: 1,
    maxLength: 3,
  });
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("add" as const), lines, commits: fc.boolean(), order: number }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("setOpen" as const), at: fc.nat(), open: fc.nat(3) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("setAtRisk" as const), at: fc.nat(), atRisk: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), at: fc.nat() }) },
  );

  function walked(openLines: OpenLines, ofStock: number): Omit<ModelLine, "stock">[] {
    const seen: Omit<ModelLine, "stock">[] = [];
    openLines.walk(ofStock, (line) => {
      seen.push({ ...line });
      return true;
    });
    return seen;
  }

  test("serves commits by their order, then holds by theirs, each with its units and risk", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const openLines = new OpenLines();
        let model: ModelLine[] = [];
        let made = 0;
        for (const taken of steps) {
          if (taken.kind === "add") {
            made += 1;
            const kind = taken.commits ? "commit" : "hold";
            // Now and then an older order comes back.
            const order = taken.commits && taken.order < 5 ? taken.order - made / 1_000 : made + 100;
            openLines.add(made, taken.lines, kind, order);
            for (const [line, { open, ...rest }] of taken.lines.entries()) {
              if (open > 0) model.push({ reservation: made, line, kind, order, open, ...rest });
            }
          } else if (model.length > 0) {
            const target = model[taken.at % model.length]!;
            const { reservation, line } = target;
            if (taken.kind === "delete") {
              openLines.delete(reservation);
              model = model.filter((other) => other.reservation !== reservation);
            } else if (taken.kind === "setAtRisk") {
              openLines.setAtRisk(reservation, line, taken.atRisk);
              target.atRisk = taken.atRisk;
            } else {
              openLines.setOpen(reservation, line, taken.open);
              target.open = taken.open;
              model = model.filter((other) => other.open > 0);
            }
          }
        }
        for (const ofStock of [1, 2, 3, 1_500, 9_999]) {
          const expected = model
            .filter((line) => line.stock === ofStock)
            .sort((a, b) => a.kind.localeCompare(b.kind) || a.order - b.order);
          expect(walked(openLines, ofStock)).toEqual(expected.map(({ stock: _, ...line }) => line));
          expect(openLines.atRiskCount(ofStock)).toBe(expected.filter((line) => line.atRisk).length);
        }
        expect(openLines.reservationCount).toBe(new Set(model.map((line) => line.reservation)).size);
      }),
      { seed, numRuns: 300 },
    );
  });

  test("stops a walk where it is told to", () => {
    const openLines = new OpenLines();
    for (let reservation = 1; reservation <= 3_000; reservation++) {
      openLines.add(reservation, [{ stock: 1, open: 1, atRisk: false }], "hold", reservation);
    }
    let visited = 0;
    openLines.walk(1, () => {
      visited += 1;
      return visited < 2_500;
    });
    expect(visited).toBe(2_500);
  });
});
