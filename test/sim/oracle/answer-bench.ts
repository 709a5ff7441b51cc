/** For tests of the oracle itself: a real node, its answers changed on their way to the oracle, and requests of one dealer and stock. */
import { expect } from "vitest";
import type { Outcome } from "../../../src/actor/service.js";
import type { GetStockAnswer, ReserveAnswer } from "../../../src/domain/command.js";
import type { ErpBody } from "../../../src/domain/erp-event.js";
import type { Reservation } from "../../../src/domain/reservation.js";
import { NodeHarness, SETTINGS } from "../../node/node-harness.js";
import { Oracle } from "./oracle.js";
import type { Request, View } from "./request.js";

/** The same, and may be written to. */
export type Loose<T> = { -readonly [Key in keyof T]: Loose<T[Key]> };
type Tamper = (value: never) => void;

/** A real node whose answers can be changed on their way to the oracle. */
export class AnswerBench {
  readonly oracle = new Oracle({ ...SETTINGS, bufferedEventsMax: 10_000 });
  #sequence = 0;

  private constructor(readonly node: NodeHarness) {}

  static async start(units: number): Promise<AnswerBench> {
    const bench = new AnswerBench(await NodeHarness.start());
    await bench.right(bench.event({ kind: "StockReceived", ...AT, quantity: units, reference: "" }));
    return bench;
  }

  event(body: ErpBody, sequence = this.#sequence + 1): Request {
    this.#sequence = sequence;
    return { kind: "erp", event: { source: "erp", sequence, eventId: `e${sequence}`, occurredAtMs: 0, body } };
  }

  async real(request: Request): Promise<Outcome<unknown>> {
    let outcome: Outcome<unknown> | undefined;
    const settle = (settled: Outcome<unknown>) => {
      outcome = structuredClone(settled);
    };
    const { commands, ingest } = this.node.node.ports;
    if (request.kind === "command") commands.submit(request.command, (answer) => structuredClone(answer), settle);
    else if (request.kind === "erp") ingest.offer(request.event, settle);
    else throw new Error(request.kind);
    await this.node.settle();
    return outcome!;
  }

  /** Asks, and finds nothing wrong. Answers with the answer. */
  async right<T>(request: Request): Promise<T> {
    const outcome = await this.real(request);
    expect(this.oracle.check(this.node.nowMs, request, outcome)).toEqual([]);
    return (outcome.kind === "answered" ? outcome.value : undefined) as T;
  }

  /** Asks, changes the answer, and says what the oracle finds. */
  async tampered(request: Request, tamper: Tamper): Promise<string> {
    const outcome = await this.real(request);
    if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
    const decision = this.oracle.decide(this.node.nowMs, request);
    tamper(outcome.value as never);
    return this.oracle.compare(decision, outcome).join("\n");
  }

  /** Says what the oracle finds in an outcome that the service never gave. */
  forged(request: Request, outcome: Outcome<unknown>): string {
    return this.oracle.check(this.node.nowMs, request, outcome).join("\n");
  }

  /** What is there now of the one stock; right so far. */
  async view(): Promise<Loose<View>> {
    const stock = await this.right<GetStockAnswer>(STOCK);
    const reservations = structuredClone([...stock.reservations]);
    const view = {
      nowMs: this.node.nowMs,
      stocks: [{ warehouseId: "W1", figures: { ...stock.figures } }],
      sources: [],
    };
    expect(this.oracle.checkInvariants({ ...view, reservations })).toEqual([]);
    return { ...view, reservations: reservations as Loose<Reservation>[] };
  }

  invariants(view: Loose<View>): string {
    return this.oracle.checkInvariants(view as View).join("\n");
  }
}

export const AT = { warehouseId: "W1", sku: "S1" };
export const STOCK: Request = { kind: "command", command: { kind: "GetStock", ...AT, pageSize: 100, pageToken: "" } };
export const LOST: Outcome<unknown> = { kind: "refused", refusal: refusal("RESERVATION_NOT_FOUND") };

/** A refusal that names nothing. */
export function refusal(reason: "RESERVATION_NOT_FOUND" | "RESERVATION_EXPIRED") {
  return { reason, message: "", metadata: {}, fields: [] };
}

/** Of D1 for O1, held for a minute. */
export function reserve(requestId: string, quantity: number, more: object = {}): Request {
  const names = { requestId, dealerId: "D1", orderId: "O1", warehouseId: "W1" };
  const lines = [{ sku: "S1", quantity }];
  const base = { kind: "Reserve", ...names, lines, partial: false, holdMs: 60_000, commit: false } as const;
  return { kind: "command", command: { ...base, ...more } };
}

/** Of all that is open, where no quantity is given. */
export function change(kind: "Commit" | "Release", requestId: string, reservationId: string, quantity = 0): Request {
  const lines = quantity === 0 ? [] : [{ sku: "S1", quantity }];
  const names = { requestId, dealerId: "D1", reservationId, lines };
  return { kind: "command", command: kind === "Commit" ? { kind, ...names } : { kind, ...names, reason: "CANCELLED" } };
}

/** GetReservation by its own dealer. */
export function get(reservationId: string): Request {
  return { kind: "command", command: { kind: "GetReservation", dealerId: "D1", reservationId } };
}

/** Reserves as request `first`; answers with the id. */
export async function held(bench: AnswerBench, quantity = 5): Promise<string> {
  return (await bench.right<ReserveAnswer>(reserve("first", quantity))).reservation!.id;
}
