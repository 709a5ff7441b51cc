import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { Ledger } from "../../../src/cli/replay/ledger.js";
import { compareReservations, compareStocks } from "../../../src/cli/replay/recount.js";
import { readReserveAnswer } from "../../../src/cli/replay/reserve-answer.js";
import {
  type Availability,
  AvailabilitySchema,
  type Reservation,
  ReservationSchema,
  ReservationState,
  ReserveOutcome,
  ReserveResponseSchema,
} from "../../../src/client/index.js";

/** Two stocks, two reservations: one confirmed, partly dispatched and partly released, one expired. */
function record(): Ledger {
  const ledger = new Ledger();
  const names = { dealerId: "d", warehouseId: "w" };
  ledger.apply({ kind: "stocked", warehouseId: "w", sku: "A", units: 20 });
  ledger.apply({ kind: "stocked", warehouseId: "w", sku: "B", units: 4 });
  ledger.apply({
    ...names,
    kind: "granted",
    reservationId: "r1",
    orderId: "o1",
    committed: false,
    lines: [
      { sku: "A", requested: 9, granted: 8 },
      { sku: "B", requested: 3, granted: 3 },
    ],
  });
  ledger.apply({
    kind: "committed",
    reservationId: "r1",
    lines: [
      { sku: "A", quantity: 6 },
      { sku: "B", quantity: 3 },
    ],
  });
  ledger.apply({ kind: "dispatched", reservationId: "r1", sku: "A", quantity: 2 });
  const lines = [{ sku: "A", requested: 1, granted: 1 }];
  ledger.apply({ ...names, kind: "granted", reservationId: "r2", orderId: "o2", committed: false, lines });
  ledger.apply({ kind: "expired", reservationId: "r2" });
  return ledger;
}

/** What an honest server says at that point, written down by hand. */
function honestStocks(): Availability[] {
  return [
    create(AvailabilitySchema, { warehouseId: "w", sku: "A", onHand: 18n, committed: 4n, availableToPromise: 14n }),
    create(AvailabilitySchema, { warehouseId: "w", sku: "B", onHand: 4n, committed: 3n, availableToPromise: 1n }),
  ];
}

function honestReservations(): Reservation[] {
  const names = { dealerId: "d", warehouseId: "w" };
  return [
    create(ReservationSchema, {
      ...names,
      reservationId: "r1",
      orderId: "o1",
      state: ReservationState.COMMITTED,
      lines: [
        { sku: "A", requested: 9n, committed: 4n, dispatched: 2n, released: 2n },
        { sku: "B", requested: 3n, committed: 3n },
      ],
    }),
    create(ReservationSchema, {
      ...names,
      reservationId: "r2",
      orderId: "o2",
      state: ReservationState.EXPIRED,
      lines: [{ sku: "A", requested: 1n, released: 1n }],
    }),
  ];
}

describe("the recount of stocks", () => {
  test("explains an honest server", () => {
    expect(compareStocks(record(), honestStocks())).toEqual([]);
  });

  test.each([
    "onHand",
    "reserved",
    "committed",
    "unavailable",
    "allocatedElsewhere",
    "shortfall",
    "availableToPromise",
  ] as const)("finds one unit too many in %s, and names the stock, the field and both figures", (field) => {
    const stocks = honestStocks();
    const wrong = stocks[1] as Availability;
    const right = wrong[field];
    wrong[field] += 1n;
    const snakeCase = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(compareStocks(record(), stocks)).toEqual([
      { subject: "stock B in w", field: snakeCase, expected: String(right), found: String(right + 1n) },
    ]);
  });

  test("expects safety stock and buffer to lower what can be promised, and nothing else", () => {
    const stocks = honestStocks();
    const [bolts] = stocks as [Availability];
    Object.assign(bolts, { safetyStock: 10n, degradedBuffer: 1n, availableToPromise: 3n });
    expect(compareStocks(record(), stocks)).toEqual([]);
    bolts.availableToPromise = 4n;
    expect(compareStocks(record(), stocks)).toMatchObject([
      { field: "available_to_promise", expected: "3", found: "4" },
    ]);
  });

  test("finds a stock that is missing, one that is too many, and one that is listed twice", () => {
    const [first, second] = honestStocks() as [Availability, Availability];
    expect(compareStocks(record(), [first])).toEqual([
      { subject: "stock B in w", field: "entries", expected: "one", found: "none" },
    ]);
    const foreign = create(AvailabilitySchema, { warehouseId: "w", sku: "Z" });
    expect(compareStocks(record(), [first, second, foreign])).toMatchObject([
      { subject: "stock Z in w", found: "one" },
    ]);
    expect(compareStocks(record(), [first, second, first])).toMatchObject([{ subject: "stock A in w", found: "more" }]);
  });
});

describe("the recount of reservations", () => {
  test("explains an honest server", () => {
    expect(compareReservations(record(), honestReservations())).toEqual([]);
  });

  test.each(["requested", "reserved", "committed", "dispatched", "released"] as const)(
    "finds one unit too many in a line's %s",
    (field) => {
      const reservations = honestReservations();
      const wrong = reservations[0]?.lines[1];
      if (wrong !== undefined) wrong[field] += 1n;
      expect(compareReservations(record(), reservations)).toMatchObject([{ subject: "reservation r1 line B", field }]);
    },
  );

  test("finds a wrong state, owner, order and warehouse", () => {
    const reservations = honestReservations();
    Object.assign(reservations[1] as Reservation, {
      state: ReservationState.PENDING,
      dealerId: "d2",
      orderId: "o9",
      warehouseId: "w2",
    });
    expect(compareReservations(record(), reservations)).toEqual([
      { subject: "reservation r2", field: "state", expected: "EXPIRED", found: "PENDING" },
      { subject: "reservation r2", field: "dealer_id", expected: "d", found: "d2" },
      { subject: "reservation r2", field: "order_id", expected: "o2", found: "o9" },
      { subject: "reservation r2", field: "warehouse_id", expected: "w", found: "w2" },
    ]);
  });

  test("finds a reservation that nobody was told of, one that is gone, and a line that is gone", () => {
    const [first, second] = honestReservations() as [Reservation, Reservation];
    const unknown = create(ReservationSchema, { reservationId: "r3" });
    expect(compareReservations(record(), [first, second, unknown])).toMatchObject([{ subject: "reservation r3" }]);
    expect(compareReservations(record(), [first])).toMatchObject([{ subject: "reservation r2", found: "none" }]);
    first.lines.pop();
    expect(compareReservations(record(), [first, second])).toMatchObject([
      { subject: "reservation r1 line B", found: "none" },
    ]);
  });
});

describe("reading the answer to a Reserve", () => {
  const asked = { dealerId: "d", orderId: "o", warehouseId: "w", partial: false, commit: false };
  const lines = [
    { sku: "A", quantity: 2 },
    { sku: "B", quantity: 1 },
    { sku: "A", quantity: 3 },
  ];
  const order = { ...asked, lines };

  function answer(outcome: ReserveOutcome, reserved: readonly (readonly [sku: string, units: number])[]) {
    const ledgerLines = reserved.map(([sku, units]) => ({ sku, reserved: BigInt(units) }));
    const reservation = { reservationId: "r", state: ReservationState.PENDING, lines: ledgerLines };
    return create(ReserveResponseSchema, { outcome, ...(reserved.length === 0 ? {} : { reservation }) });
  }

  test("records what was granted, the same SKU twice in one sum", () => {
    const { fact, differences } = readReserveAnswer(
      order,
      answer(ReserveOutcome.RESERVED, [
        ["A", 5],
        ["B", 1],
      ]),
    );
    expect(differences).toEqual([]);
    expect(fact).toEqual({
      kind: "granted",
      reservationId: "r",
      dealerId: "d",
      orderId: "o",
      warehouseId: "w",
      committed: false,
      lines: [
        { sku: "A", requested: 5, granted: 5 },
        { sku: "B", requested: 1, granted: 1 },
      ],
    });
  });

  test("records nothing for a rejected order", () => {
    expect(readReserveAnswer(order, answer(ReserveOutcome.REJECTED, []))).toEqual({ fact: undefined, differences: [] });
  });

  test.each([
    [
      "an order of all or nothing filled partly",
      false,
      ReserveOutcome.PARTIALLY_RESERVED,
      [
        ["A", 4],
        ["B", 1],
      ],
      "outcome",
    ],
    [
      "part called all",
      true,
      ReserveOutcome.RESERVED,
      [
        ["A", 4],
        ["B", 1],
      ],
      "outcome",
    ],
    [
      "all called part",
      true,
      ReserveOutcome.PARTIALLY_RESERVED,
      [
        ["A", 5],
        ["B", 1],
      ],
      "outcome",
    ],
    [
      "nothing called part",
      true,
      ReserveOutcome.PARTIALLY_RESERVED,
      [
        ["A", 0],
        ["B", 0],
      ],
      "outcome",
    ],
    [
      "a reservation called rejected",
      false,
      ReserveOutcome.REJECTED,
      [
        ["A", 5],
        ["B", 1],
      ],
      "outcome",
    ],
    ["success without a reservation", false, ReserveOutcome.RESERVED, [], "outcome"],
    [
      "more than was asked for",
      true,
      ReserveOutcome.PARTIALLY_RESERVED,
      [
        ["A", 6],
        ["B", 0],
      ],
      "units of A",
    ],
    ["a line too few", true, ReserveOutcome.PARTIALLY_RESERVED, [["A", 5]], "lines"],
  ] as const)("finds %s", (_, partial, outcome, granted, field) => {
    const { differences } = readReserveAnswer({ ...order, partial }, answer(outcome, granted));
    expect(differences).toMatchObject([{ subject: "answer to order o", field }]);
  });

  test("finds a hold where the order was to be confirmed at once", () => {
    const { differences } = readReserveAnswer(
      { ...order, commit: true },
      answer(ReserveOutcome.RESERVED, [
        ["A", 5],
        ["B", 1],
      ]),
    );
    expect(differences).toEqual([
      { subject: "answer to order o", field: "state", expected: "COMMITTED", found: "PENDING" },
    ]);
  });
});
