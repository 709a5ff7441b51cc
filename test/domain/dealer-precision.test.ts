import { describe, expect, test } from "vitest";
import { asToldToDealer } from "../../src/domain/dealer-precision.js";
import type { PolicyFields, PolicyScope } from "../../src/domain/policy.js";
import { PolicyBook } from "../../src/domain/policy-book.js";

describe("a dealer is told", () => {
  test.each([0, 1, 50, 51, Number.MAX_SAFE_INTEGER])("with EXACT %i as it is, whatever the cap", (available) => {
    const told = asToldToDealer({ availableToPromise: available }, { precision: "EXACT", cap: 50 });
    expect(told).toEqual({ availableToPromise: available, capped: false });
  });

  test.each([
    [0, 0, false],
    [49, 49, false],
    [50, 50, false],
    [51, 50, true],
    [Number.MAX_SAFE_INTEGER, 50, true],
  ])("with CAPPED at 50 of %i: %i, capped %s", (available, availableToPromise, capped) => {
    const told = asToldToDealer({ availableToPromise: available }, { precision: "CAPPED", cap: 50 });
    expect(told).toEqual({ availableToPromise, capped });
  });

  test.each([
    [0, false],
    [1, true],
    [1_000, true],
  ])("with LEVEL of %i no figure, capped %s", (available, capped) => {
    const told = asToldToDealer({ availableToPromise: available }, { precision: "LEVEL", cap: 50 });
    expect(told).toEqual({ availableToPromise: 0, capped });
  });
});

describe("how exactly a dealer is told", () => {
  function bookOf(...policies: readonly (readonly [Partial<PolicyScope>, PolicyFields])[]): PolicyBook {
    const book = new PolicyBook();
    for (const [index, [scope, fields]] of policies.entries()) {
      const whole = { warehouseId: "", sku: "", dealerId: "", ...scope };
      book.put({ number: index + 1, scope: whole, fields, stockChanges: 0, longestHoldMs: 0 });
    }
    return book;
  }

  test("ships as exactly, with a cap of 50 for whoever turns to CAPPED", () => {
    expect(new PolicyBook().dealerPrecision("W1", "D1")).toEqual({ precision: "EXACT", cap: 50 });
    const book = bookOf([{}, { availabilityPrecision: "CAPPED" }]);
    expect(book.dealerPrecision("W1", "D1")).toEqual({ precision: "CAPPED", cap: 50 });
  });

  test("is his own policy's before his warehouse's before the default's, each field by itself", () => {
    const book = bookOf(
      [{}, { availabilityPrecision: "LEVEL", availabilityCap: 3 }],
      [{ warehouseId: "W1" }, { availabilityPrecision: "CAPPED", availabilityCap: 20 }],
      [{ dealerId: "D1" }, { availabilityCap: 7 }],
      [{ dealerId: "D2" }, { availabilityPrecision: "EXACT" }],
    );
    expect(book.dealerPrecision("W2", "D9")).toEqual({ precision: "LEVEL", cap: 3 });
    expect(book.dealerPrecision("W1", "D9")).toEqual({ precision: "CAPPED", cap: 20 });
    expect(book.dealerPrecision("W1", "D1")).toEqual({ precision: "CAPPED", cap: 7 });
    expect(book.dealerPrecision("W2", "D1")).toEqual({ precision: "LEVEL", cap: 7 });
    expect(book.dealerPrecision("W1", "D2")).toEqual({ precision: "EXACT", cap: 20 });
  });
});
