/** Random histories of one warehouse: what callers, the ERP, time and crashes may do, in any order. */

import fc from "fast-check";
import { expect } from "vitest";
import type { Outcome } from "../../src/actor/service.js";
import type { Command } from "../../src/domain/command.js";
import type { ErpBody } from "../../src/domain/erp-event.js";
import type { NodeHarness } from "../node/node-harness.js";

/** More than the fewest that stay in memory, so that cold stocks are read back. */
export const SKUS = 100;

type Ask = { readonly kind: "ask"; readonly make: (ids: readonly string[], requestId: string) => Command | undefined };
/** An event that the ERP has sent before. */
interface Sent {
  readonly eventId: string;
  readonly sku: string;
}

export type Step =
  | Ask
  | { readonly kind: "erp"; readonly make: (ids: readonly string[], sent: readonly Sent[]) => ErpBody }
  | { readonly kind: "repeat"; readonly which: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "restart" };

const sku = fc
  .oneof({ weight: 5, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(SKUS - 1) })
  .map((n) => `S${n}`);
const dealerId = fc.constantFrom("D1", "D2");
const orderId = fc.constantFrom("O1", "O2", "O3");
const quantity = fc.integer({ min: 1, max: 9 });
const line = fc.record({ sku, quantity });
const which = fc.nat();
const mostlyNoLines = fc.oneof(fc.constant([]), fc.array(line, { maxLength: 2 }));

function idOf(ids: readonly string[], index: number): string {
  return ids[index % ids.length] ?? "";
}

const reserve = fc
  .record({
    dealerId,
    orderId,
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    partial: fc.boolean(),
    holdMs: fc.constantFrom(0, 1, 1_000, 60_000),
    commit: fc.boolean(),
  })
  .map(
    (order): Step => ({
      kind: "ask",
      make: (_, requestId) => ({
        ...order,
        kind: "Reserve",
        requestId,
        warehouseId: "W1",
        holdMs: order.commit ? 0 : order.holdMs,
      }),
    }),
  );

const change = fc
  .record({
    kind: fc.constantFrom("Commit" as const, "Release" as const, "Extend" as const),
    dealerId,
    which,
    lines: mostlyNoLines,
    holdMs: fc.constantFrom(0, 1, 5_000),
    reason: fc.constantFrom("CANCELLED" as const, "DISPATCH_FAILED" as const),
  })
  .map(
    ({ kind, dealerId: owner, which: index, lines, holdMs, reason }): Step => ({
      kind: "ask",
      make(ids, requestId) {
        const base = { requestId, dealerId: owner, reservationId: idOf(ids, index) };
        if (base.reservationId === "") return undefined;
        if (kind === "Commit") return { kind, ...base, lines };
        return kind === "Release" ? { kind, ...base, lines, reason } : { kind, ...base, holdMs };
      },
    }),
  );

const place = { warehouseId: "W1" };
const delta = fc.integer({ min: -12, max: 12 });
const movement: fc.Arbitrary<ErpBody> = fc.oneof(
  fc.record({ sku, quantity }).map((it): ErpBody => ({ kind: "StockReceived", ...place, ...it, reference: "" })),
  fc
    .record({ sku, delta })
    .map((it): ErpBody => ({ kind: "StockAdjusted", ...place, ...it, reason: "", reference: "" })),
  fc.record({ sku, onHand: fc.nat(20) }).map((it): ErpBody => ({ kind: "StockCounted", ...place, ...it })),
  fc.record({ sku, delta }).map((it): ErpBody => ({ kind: "StockBlocked", ...place, ...it })),
  fc.record({ sku, delta }).map((it): ErpBody => ({ kind: "DemandAllocated", ...place, ...it, reference: "" })),
);

const outgoing = fc
  .record({
    closes: fc.boolean(),
    by: fc.constantFrom("order", "reservation", "nothing"),
    sku,
    whole: fc.boolean(),
    quantity,
    orderId,
    dealerId: fc.oneof(fc.constant(""), dealerId),
    which,
  })
  .map(
    (it): Step => ({
      kind: "erp",
      make(ids) {
        const named = {
          ...place,
          reservationId: it.by === "reservation" ? idOf(ids, it.which) : "",
          orderId: it.by === "order" ? it.orderId : "",
          dealerId: it.dealerId,
        };
        if (it.closes && (named.reservationId !== "" || named.orderId !== "")) {
          return { kind: "OrderClosed", ...named, sku: it.whole ? "" : it.sku, reason: "CANCELLED" };
        }
        return { kind: "OrderDispatched", ...named, sku: it.sku, quantity: it.quantity };
      },
    }),
  );

/** Takes back one of the last events: also one that is back already, one that cannot be, and one that was rejected. */
const reversal = fc.nat(15).map(
  (ago): Step => ({
    kind: "erp",
    make(_, sent) {
      const { eventId, sku: ofSku } = sent[Math.max(0, sent.length - 1 - ago)]!;
      return { kind: "EventReversed", ...place, sku: ofSku === "" ? "S0" : ofSku, reversedEventId: eventId };
    },
  }),
);

export const history: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: reserve },
    { weight: 5, arbitrary: change },
    { weight: 5, arbitrary: movement.map((body): Step => ({ kind: "erp", make: () => body })) },
    { weight: 4, arbitrary: outgoing },
    { weight: 2, arbitrary: reversal },
    { weight: 2, arbitrary: which.map((index): Step => ({ kind: "repeat", which: index })) },
    {
      weight: 2,
      arbitrary: fc
        .record({ fires: fc.boolean(), ms: fc.constantFrom(1, 999, 1_000, 60_000, 900_000) })
        .map(({ fires, ms }): Step => ({ kind: fires ? "advance" : "pass", ms })),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: "restart" }) },
  ),
  { minLength: 20, maxLength: 120, size: "max" },
);

/** The ERP falls silent for long enough, an order is confirmed all the same, and the ERP is back: what few random histories come to. */
export const outage: readonly Step[] = [
  { kind: "advance", ms: 900_001 },
  {
    kind: "ask",
    make: (_, requestId) => ({
      kind: "Reserve",
      requestId,
      warehouseId: "W1",
      dealerId: "D1",
      orderId: "O1",
      lines: [{ sku: "S0", quantity: 1 }],
      partial: false,
      holdMs: 0,
      commit: true,
    }),
  },
  { kind: "erp", make: () => ({ kind: "StockReceived", ...place, sku: "S1", quantity: 1, reference: "" }) },
  { kind: "advance", ms: 1_000 },
];

/** Of a reservation, what no caller is shown: its place in coverage, and what concerns the risk beyond that there is one. */
const HIDDEN = new Set(["commitOrder", "atRiskSinceMs", "isKept", "committedAtMs"]);

function shown(outcome: Outcome<unknown>): unknown {
  return JSON.parse(
    JSON.stringify(outcome, (key, value) => {
      if (HIDDEN.has(key)) return undefined;
      return key === "lines" ? value.map(({ atRisk: _, ...line }: { readonly atRisk: boolean }) => line) : value;
    }),
  );
}

/** Plays a history; a request that was answered before must be answered the same again (I4). */
export async function play(node: NodeHarness, steps: readonly Step[]): Promise<void> {
  for (let index = 0; index < SKUS; index++) await node.receive(`S${index}`, 10);
  const ids: string[] = [];
  const sent: Sent[] = [{ eventId: "erp-1", sku: "S0" }];
  const answered: { readonly command: Command; readonly outcome: Outcome<unknown> }[] = [];
  const ask = async (command: Command) => {
    const outcomes: Outcome<unknown>[] = [];
    node.submit(command, outcomes);
    await node.settle();
    expect(outcomes).toHaveLength(1);
    return outcomes[0]!;
  };
  for (const [index, step] of steps.entries()) {
    if (step.kind === "restart") await node.restart();
    else if (step.kind === "pass") node.pass(step.ms);
    else if (step.kind === "advance") await node.advance(step.ms);
    else if (step.kind === "erp") {
      const body = step.make(ids, sent);
      await node.erp(body);
      sent.push({ eventId: `erp-${node.sent("erp")}`, sku: body.sku });
    } else if (step.kind === "repeat") {
      const first = answered[step.which % answered.length];
      if (first !== undefined) expect(shown(await ask(first.command))).toEqual(shown(first.outcome));
    } else {
      const command = step.make(ids, `r${index}`);
      if (command === undefined) continue;
      const outcome = await ask(command);
      expect(outcome.kind).not.toBe("failed");
      if (outcome.kind !== "answered") continue;
      answered.push({ command, outcome });
      const { reservation } = outcome.value as { readonly reservation?: { readonly id: string } };
      if (command.kind === "Reserve" && reservation !== undefined) ids.push(reservation.id);
    }
  }
  await node.advance(0);
}
