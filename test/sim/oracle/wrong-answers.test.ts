/** The oracle itself: each of these wrong answers is told, and the right one is not. */
import { describe, expect, test } from "vitest";
import type { GetStockAnswer, ReservationAnswer, ReserveAnswer } from "../../../src/domain/command.js";
import { AnswerBench, AT, change, get, held, LOST, type Loose, refusal, reserve, STOCK } from "./answer-bench.js";
import type { Request, View } from "./request.js";

describe("the oracle tells of a wrong answer", () => {
  test("one unit more than there is was promised", async () => {
    const bench = await AnswerBench.start(10);
    const { reservation } = (await bench.right(reserve("r1", 10))) as ReserveAnswer;
    const forged: Loose<ReserveAnswer> = structuredClone({
      outcome: "RESERVED",
      reservation: { ...reservation!, id: "r1.1.2.0", lines: [{ ...reservation!.lines[0]!, requested: 1, open: 1 }] },
      shortages: [],
      freshness: { state: "LIVE", asOfMs: bench.node.nowMs, ageMs: 0 },
    });
    expect(bench.forged(reserve("r2", 1), { kind: "answered", value: forged })).toMatch(
      /outcome is "RESERVED", expected/,
    );
  });

  test("an expired hold still counts", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench, 10);
    bench.node.pass(60_000);
    const found = await bench.tampered(reserve("r2", 1), (value: Loose<ReserveAnswer>) => {
      value.outcome = "REJECTED";
      value.reservation = undefined;
      value.shortages = [{ sku: "S1", requested: 1, available: 0, reason: "INSUFFICIENT" }];
    });
    expect(found).toMatch(/outcome is "REJECTED", expected "RESERVED"/);
  });

  test("a hold ended before its deadline", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    bench.node.pass(59_999);
    await bench.right(get(id));
    const refused = { kind: "refused", refusal: refusal("RESERVATION_EXPIRED") } as const;
    expect(bench.forged(change("Commit", "c", id), refused)).toMatch(/refused with RESERVATION_EXPIRED, expected/);
  });

  test("a commit was taken after the deadline", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    const before = await bench.real(get(id));
    bench.node.pass(60_000);
    expect(bench.forged(change("Commit", "c", id), before)).toMatch(
      /answered, expected a refusal with RESERVATION_EXPIRED/,
    );
  });

  test("a revision was skipped", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    const found = await bench.tampered(change("Commit", "c", id), (value: Loose<ReservationAnswer>) => {
      value.reservation.revision += 1;
    });
    expect(found).toMatch(/revision is 3, expected 2/);
  });

  test("a retry was answered with another reservation", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const found = await bench.tampered(reserve("first", 5), (value: Loose<ReserveAnswer>) => {
      value.reservation!.id = "r1.1.2.0";
    });
    expect(found).toMatch(/reservation id is r1.1.2.0, expected/);
  });

  test("a retry was answered with the reservation as it is now, not as it was", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    const now = await bench.right<ReservationAnswer>(change("Commit", "c", id));
    const found = await bench.tampered(reserve("first", 5), (value: Loose<ReserveAnswer>) => {
      value.reservation = structuredClone(now.reservation) as Loose<ReserveAnswer>["reservation"];
    });
    expect(found).toMatch(/state is "COMMITTED", expected "PENDING"/);
  });

  test("a reused request id was not noticed", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const first = await bench.real(reserve("first", 5));
    expect(bench.forged(reserve("first", 6), first)).toMatch(/expected a refusal with REQUEST_ID_REUSED/);
  });

  test("the same reservation id was issued twice", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    const found = await bench.tampered(reserve("r2", 1), (value: Loose<ReserveAnswer>) => {
      value.reservation!.id = id;
    });
    expect(found).toMatch(/I3: reservation id .* was issued twice/);
  });

  test("the same SKU twice was not summed", async () => {
    const bench = await AnswerBench.start(10);
    const twice = { lines: [{ sku: "S1", quantity: 6 }, { sku: "S1", quantity: 6 }] }; // biome-ignore format: one order
    const found = await bench.tampered(reserve("r1", 0, twice), (value: Loose<ReserveAnswer>) => {
      value.shortages[0]!.requested = 6;
    });
    expect(found).toMatch(/shortages is .*requested:6/);
  });

  test("a partial commit kept the rest", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    const found = await bench.tampered(change("Commit", "c", id, 3), (value: Loose<ReservationAnswer>) => {
      value.reservation.lines[0]!.open = 5;
      value.reservation.lines[0]!.released = 0;
    });
    expect(found).toMatch(/lines is .*open:5.*expected .*open:3/);
  });

  test("a release freed twice", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    await bench.right(change("Release", "x", id, 2));
    const found = await bench.tampered(STOCK, (value: Loose<GetStockAnswer>) => {
      value.figures.reserved -= 2;
      value.figures.availableToPromise += 2;
    });
    expect(found).toMatch(/figures of S1 is .*reserved:1/);
  });

  test("a dispatch freed twice", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    await bench.right(change("Commit", "c", id));
    const names = { reservationId: id, orderId: "", dealerId: "" };
    await bench.right(bench.event({ kind: "OrderDispatched", ...AT, quantity: 2, ...names }));
    const found = await bench.tampered(get(id), (value: Loose<ReservationAnswer>) => {
      value.reservation.lines[0]!.open -= 2;
      value.reservation.lines[0]!.dispatched += 2;
    });
    expect(found).toMatch(/lines is .*dispatched:4.*expected .*dispatched:2/);
  });

  test("an ERP event was applied ahead of a gap", async () => {
    const bench = await AnswerBench.start(10);
    const ahead = bench.event({ kind: "StockReceived", ...AT, quantity: 5, reference: "" }, 3);
    const found = await bench.tampered(ahead, (value: { disposition: string; missing: unknown[] }) => {
      value.disposition = "APPLIED";
      value.missing = [];
    });
    expect(found).toMatch(/disposition is .*APPLIED.*expected .*BUFFERED.*first:2,last:2/);
  });

  test("an ERP event was applied twice", async () => {
    const bench = await AnswerBench.start(10);
    const again = bench.event({ kind: "StockReceived", ...AT, quantity: 10, reference: "" }, 1);
    expect(await bench.tampered(again, (value: { disposition: string }) => (value.disposition = "APPLIED"))).toMatch(
      /expected .*DUPLICATE/,
    );
    const found = await bench.tampered(STOCK, (value: Loose<GetStockAnswer>) => {
      value.figures.onHand = 20;
      value.figures.availableToPromise = 20;
    });
    expect(found).toMatch(/onHand:20.*expected .*onHand:10/);
  });

  test("who is at risk was not told", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    await bench.right(bench.event({ kind: "StockCounted", ...AT, onHand: 4 }));
    const found = await bench.tampered(get(id), (value: Loose<ReservationAnswer>) => {
      value.reservation.atRisk = false;
      value.reservation.revision = 1;
    });
    expect(found).toMatch(/revision is 1, expected 2[\s\S]*at_risk is false, expected true/);
  });

  test("a reservation was left out of a list", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const filter = { orderId: "", warehouseId: "", sku: "", states: [], pageSize: 10, pageToken: "" };
    const list: Request = { kind: "command", command: { kind: "ListReservations", dealerId: "D1", ...filter } };
    const found = await bench.tampered(list, (value: { reservations: unknown[] }) => value.reservations.pop());
    expect(found).toMatch(/missing from the list/);
  });

  test("a reservation is unknown that was answered", async () => {
    const bench = await AnswerBench.start(10);
    expect(bench.forged(get(await held(bench)), LOST)).toMatch(/refused with RESERVATION_NOT_FOUND, expected/);
  });
});

describe("the oracle tells of a broken invariant", () => {
  test("I1: a stock that no ERP event left short is oversold", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench, 10);
    const view = await bench.view();
    view.stocks[0]!.figures.reserved = 11;
    expect(bench.invariants(view)).toMatch(/I1: S1 of W1 is oversold by 1, allowed 0/);
  });

  test("I2: a counter is not the sum of its reservations", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const view = await bench.view();
    view.stocks[0]!.figures.reserved = 4;
    expect(bench.invariants(view)).toMatch(/I2: reserved of S1, against its reservations, is 4, expected 5/);
  });

  test("I3: what ended is open again", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    const open = await bench.view();
    await bench.right(change("Release", "x", id));
    await bench.right(get(id));
    expect(bench.invariants(open)).toMatch(/I3: reservation .* went from RELEASED to PENDING/);
  });

  test("I5: an acknowledged decision is lost by a crash", async () => {
    const bench = await AnswerBench.start(10);
    const mark = bench.oracle.mark();
    await held(bench);
    expect(bench.oracle.rewindTo(bench.oracle.mark())).toEqual([]);
    const other = await AnswerBench.start(10);
    await held(other);
    expect(other.oracle.rewindTo(mark)).toEqual([`I5: decision ${mark + 1} was answered and is lost`]);
  });

  test("I5: an open reservation is gone", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const view = await bench.view();
    view.reservations = [];
    expect(bench.invariants(view)).toMatch(/I5: open reservation .* of D1 is gone/);
  });

  test("I6: a reservation is there that no surviving decision made", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const view = await bench.view();
    view.reservations!.push({ ...structuredClone(view.reservations![0]!), id: "r1.1.9.0", orderId: "O9" });
    expect(bench.invariants(view)).toMatch(/I6: reservation r1.1.9.0 was made by no decision that survived/);
  });

  test("I9: a hold is there after its deadline", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const view = await bench.view();
    view.nowMs += 60_000;
    expect(bench.invariants(view)).toMatch(/I9: reservation .* is PENDING after its deadline/);
  });

  test("I10: what was committed expired", async () => {
    const bench = await AnswerBench.start(10);
    const id = await held(bench);
    await bench.right(change("Commit", "c", id));
    const view = await bench.view();
    Object.assign(view.reservations![0]!, { state: "EXPIRED", revision: 3 });
    expect(bench.invariants(view)).toMatch(/I10: reservation .* went from COMMITTED to EXPIRED/);
  });

  test("I11: a stock's version went back", async () => {
    const bench = await AnswerBench.start(10);
    const view = await bench.view();
    view.stocks[0]!.figures.version -= 1;
    expect(bench.invariants(view)).toMatch(/I11: version of S1 went back/);
  });

  test("I12: a source is behind what it was told is applied", async () => {
    const bench = await AnswerBench.start(10);
    const view = await bench.view();
    const status = { appliedSequence: 0, gaps: [], lastEventAtMs: 0, state: "LIVE" } as const;
    const found = bench.invariants({ ...view, sources: [{ source: "erp", status: { ...status, gaps: [] } }] });
    expect(found).toMatch(/I12: applied_sequence of erp is 0, expected 1/);
  });

  test("at the end, a hold that never ends", async () => {
    const bench = await AnswerBench.start(10);
    await held(bench);
    const view = await bench.view();
    expect(bench.oracle.checkAtRest(view as View).join("\n")).toMatch(/I9: reservation .* is still PENDING/);
  });
});

describe("after a crash", () => {
  test("what was lost is decided anew, and what survived without an answer is learned from a list", async () => {
    const bench = await AnswerBench.start(10);
    const survivor = reserve("survivor", 3);
    bench.oracle.decide(bench.node.nowMs, survivor);
    await bench.real(survivor);
    const mark = bench.oracle.mark();
    bench.oracle.decide(bench.node.nowMs, reserve("lost", 7));
    await bench.node.restart();
    expect(bench.oracle.rewindTo(mark)).toEqual([]);
    const { reservations } = await bench.right<GetStockAnswer>(STOCK);
    await bench.right(get(reservations[0]!.id));
    await bench.right(survivor);
    await bench.right(reserve("lost", 7));
  });
});
