import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isName } from "../../../src/api/requests/field-check.js";

/** docs/api.md, word for word: 1 to 128 code points, none of category Cc, Cs, Zl or Zp. */
const PLAIN_RULE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u;

const ODD_ONES = [
  "\u0000",
  "\t",
  "\n",
  "\u001f",
  " ",
  "~",
  "\u007f",
  "\u0080",
  "\u009f",
  "\u00a0",
  "\u2027",
  "\u2028",
  "\u2029",
  "\u202a",
  "\ud7ff",
  "\ud800",
  "\udbff",
  "\udc00",
  "\udfff",
  "\ue000",
  "\ufeff",
  "\uffff",
  "\u{10000}",
  "\u{1f600}",
  "\u{10ffff}",
];

const anything = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 1 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_ONES) },
);
const mostlyPlain = fc.oneof({ weight: 200, arbitrary: fc.constant("a") }, { weight: 1, arbitrary: anything });
const astral = fc.oneof({ weight: 200, arbitrary: fc.constant("\u{1f600}") }, { weight: 1, arbitrary: anything });
const long = { minLength: 120, maxLength: 135 };
const texts = fc
  .oneof(fc.array(anything, { maxLength: 20 }), fc.array(mostlyPlain, long), fc.array(astral, long))
  .map((parts) => parts.join(""));

describe("the check of names", () => {
  it("equals the plain definition for any text", () => {
    const seen = { good: 0, bad: 0 };
    fc.assert(
      fc.property(texts, (text) => {
        const expected = PLAIN_RULE.test(text);
        seen[expected ? "good" : "bad"] += 1;
        expect(isName(text)).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
    // Both sides of the rule were tried, many times.
    expect(Math.min(seen.good, seen.bad)).toBeGreaterThan(500);
  });

  test.each(ODD_ONES)("equals it around %j at every length near the bound", (odd) => {
    for (const length of [0, 1, 2, 62, 63, 64, 126, 127, 128, 129, 255, 256, 257]) {
      for (const filler of ["a", "ü", "\u{1f600}"]) {
        for (const text of [filler.repeat(length), odd + filler.repeat(length), filler.repeat(length) + odd]) {
          expect([text.length, isName(text)]).toEqual([text.length, PLAIN_RULE.test(text)]);
        }
      }
    }
  });
});
