import { expect, test } from "vitest";
import { Source } from "../../src/domain/source.js";

const REMEMBERED = 100_000;

function sourceAt(applied: number): Source {
  const source = new Source(1, "erp");
  source.skip({ first: 1, last: applied });
  return source;
}

const chunksOf = (source: Source) => [...source.rememberedChunks()].length;

test("an event that comes late is told from another under its sequence, as long as its source's newest are", () => {
  const source = sourceAt(REMEMBERED + 10);
  source.arrivedLate(11, "e11");
  expect([source.isSame(11, "e11"), source.isSame(11, "other")]).toEqual([true, false]);
});

test("a source feeds a warehouse from its first stock there to its last", () => {
  const source = new Source(1, "erp");
  expect([source.gainStock(7), source.gainStock(7), source.gainStock(8)]).toEqual([true, false, true]);
  expect([...source.stocks]).toEqual([
    [7, 2],
    [8, 1],
  ]);
  expect([source.loseStock(7), source.loseStock(7), source.loseStock(7)]).toEqual([false, true, false]);
  expect([...source.stocks]).toEqual([[8, 1]]);
});

test("a source whose stocks an older version did not count feeds their warehouse for good", () => {
  const source = new Source(1, "erp");
  source.loadStocks(7, 0);
  expect([source.gainStock(7), source.loseStock(7), source.loseStock(7)]).toEqual([false, false, false]);
  expect([...source.stocks]).toEqual([[7, 0]]);
});

test("what is far behind after a long skip is forgotten", () => {
  const source = new Source(1, "erp");
  for (let sequence = 1; sequence <= 50_000; sequence++) source.advance(sequence, `e${sequence}`);
  expect(chunksOf(source)).toBe(13);
  source.skip({ first: 50_001, last: 50_000 + REMEMBERED / 2 });
  expect(chunksOf(source), "all of it is within what is remembered").toBe(13);
  source.skip({ first: 100_001, last: 10 * REMEMBERED });
  expect(chunksOf(source)).toBe(0);
});

test("an event that comes later than that leaves nothing behind, however many there are", () => {
  const source = sourceAt(REMEMBERED * 10);
  for (let sequence = 1; sequence < REMEMBERED * 9; sequence += 4_096) source.arrivedLate(sequence, `e${sequence}`);
  expect(chunksOf(source)).toBe(0);
  expect(source.isSame(1, "other"), "it is no longer known").toBe(true);
});

test("a gap is open since the event after it came, also while another gap was open before it", () => {
  const source = new Source(1, "erp");
  const event = (sequence: number) => ({
    source: "erp",
    sequence,
    eventId: `e${sequence}`,
    fault: "x",
    raw: new Uint8Array(0),
  });
  expect(source.gapSinceMs).toBe(0);
  source.buffer(event(3), 1_000);
  source.buffer(event(6), 2_000);
  expect(source.gapSinceMs).toBe(1_000);
  source.skip({ first: 1, last: 2 });
  source.advance(3, "e3");
  expect(source.gapSinceMs).toBe(2_000);
  source.advance(4, "e4");
  source.advance(5, "e5");
  source.advance(6, "e6");
  expect(source.gapSinceMs).toBe(0);
});
