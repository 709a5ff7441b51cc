import fc from "fast-check";
import { expect, test } from "vitest";
import { HandledMoves } from "../../../src/connector/tryton/handled-moves.js";

test("holds exactly the ids that were added, whatever the order, through its text and back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }), (ids) => {
      let handled = HandledMoves.parse("");
      for (const [index, id] of ids.entries()) {
        handled.add(id);
        if (index % 5 === 0) handled = HandledMoves.parse(handled.toString());
      }
      for (let id = 0; id <= 61; id++) expect(handled.has(id)).toBe(ids.includes(id));
      const ranges = handled.toString().split(",");
      const runs = [...new Set(ids)].filter((id) => !ids.includes(id - 1)).length;
      expect(ids.length === 0 ? 0 : ranges.length).toBe(runs);
    }),
  );
});

test("a hundred thousand moves in a row are a few characters", () => {
  const handled = HandledMoves.parse("");
  for (let id = 1; id <= 100_000; id++) if (id !== 777) handled.add(id);
  expect(handled.toString()).toBe("1-776,778-100000");
});
