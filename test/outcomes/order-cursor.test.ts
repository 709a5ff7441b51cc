import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CursorScope, readCursor, writeCursor } from "../../src/outcomes/order-cursor.js";
import { chosenSeed } from "../journal/seeded-random.js";

const seed = chosenSeed() | 0;
const SCOPE: CursorScope = { epoch: 3, nonce: "0000000a", filter: "source\nerp" };
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const place = fc.record({
  segment: u32,
  block: fc.maxSafeNat().filter((block) => block > 0),
  offset: fc.maxSafeNat(),
  taken: u32,
});

describe("a cursor", () => {
  test("is read as it was written, in 55 characters that no address or form has to escape", () => {
    fc.assert(
      fc.property(place, (written) => {
        const cursor = writeCursor(written, SCOPE);
        expect(cursor).toMatch(/^[\w-]{55}$/);
        expect(readCursor(cursor, SCOPE)).toEqual({ kind: "place", place: written });
      }),
      { seed },
    );
  });

  test("of another filter, epoch or nonce is told as such", () => {
    const cursor = writeCursor({ segment: 1, block: 2, offset: 512, taken: 3 }, SCOPE);
    expect(readCursor(cursor, { ...SCOPE, filter: "source\nwms" })).toEqual({ kind: "foreign" });
    expect(readCursor(cursor, { ...SCOPE, epoch: 4 })).toEqual({ kind: "past" });
    expect(readCursor(cursor, { ...SCOPE, nonce: "0000000b" })).toEqual({ kind: "past" });
  });

  test("that was changed, cut, lengthened or made up is malformed", () => {
    fc.assert(
      fc.property(place, fc.nat(54), fc.string(), (written, at, noise) => {
        const cursor = writeCursor(written, SCOPE);
        const other = cursor[at] === "x" ? "y" : "x";
        for (const text of [
          `${cursor.slice(0, at)}${other}${cursor.slice(at + 1)}`,
          cursor.slice(0, at),
          `${cursor}A`,
          `${cursor}=`,
          noise,
        ]) {
          // The last character carries two bits that no byte has.
          if (at === 54 && text.length === 55) continue;
          expect(readCursor(text, SCOPE), text).toEqual({ kind: "malformed" });
        }
      }),
      { seed },
    );
  });
});
