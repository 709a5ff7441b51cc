import { describe, test } from "vitest";
import { type Decision, decided, refused } from "../../../src/domain/decide/decision.js";
import { decideResolveRisk } from "../../../src/domain/decide/resolve-risk.js";
import type { PartitionEvent } from "../../../src/domain/event.js";
import { committed, given, held, released, type Scenario, stock } from "./scenario.js";

const attribution = { actor: "ann", reason: "no truck before Monday" };
const stocks = [...stock(1, "A", 50), ...stock(2, "B", 50)];
const risky: PartitionEvent = { kind: "RiskChanged", reservation: 1, line: 1, atRisk: true };
const kept: PartitionEvent = { kind: "RiskKept", reservation: 1, attribution };

function resolve(scenario: Scenario, resolution: "RELEASE" | "KEEP", reservation = 1) {
  const command = { kind: "ResolveAtRisk", reservationId: scenario.id(reservation), resolution, attribution } as const;
  return scenario.when((state): Decision => {
    const result = decideResolveRisk(state, reservation, command);
    return "reason" in result ? refused(result) : decided(0, result);
  });
}

function release(reason: "DISPATCH_FAILED" | "REJECTED"): PartitionEvent {
  return { kind: "ReservationReleased", reservation: 1, quantities: undefined, reason, attribution };
}

describe("a reservation that is at risk", () => {
  const hold = () => given(...stocks, held(1, { 1: 5, 2: 5 }), risky);
  const commit = () => given(...stocks, held(1, { 1: 5, 2: 5 }), committed(1), risky);

  test("is released wholly: DISPATCH_FAILED where it was committed, REJECTED where it was held", () => {
    resolve(commit(), "RELEASE").then(release("DISPATCH_FAILED"));
    resolve(hold(), "RELEASE").then(release("REJECTED"));
  });

  test("is kept, once", () => {
    resolve(commit(), "KEEP").then(kept);
    resolve(commit().given(kept), "KEEP").then();
  });

  test("may be released after it was kept", () => {
    resolve(commit().given(kept), "RELEASE").then(release("DISPATCH_FAILED"));
  });

  test("that was released already needs nothing; kept it cannot be any more", () => {
    const ended = commit().given(release("DISPATCH_FAILED"));
    resolve(ended, "RELEASE").then();
    resolve(ended, "KEEP").thenRefused("NOT_AT_RISK", { reservation_id: ended.id(1), state: "RELEASED" });
    const dispatched: PartitionEvent = { kind: "UnitsDispatched", reservation: 1, line: 0, quantity: 5 };
    resolve(commit().given(dispatched, release("DISPATCH_FAILED")), "RELEASE").then();
  });
});

describe("a reservation that is not at risk", () => {
  test("has nothing to decide, open or ended", () => {
    const open = given(...stocks, held(1, { 1: 5 }), committed(1));
    const gone = given(...stocks, held(1, { 1: 5 }), { kind: "HoldExpired", reservation: 1 });
    for (const resolution of ["RELEASE", "KEEP"] as const) {
      resolve(open, resolution).thenRefused("NOT_AT_RISK", { reservation_id: open.id(1), state: "COMMITTED" });
      resolve(gone, resolution).thenRefused("NOT_AT_RISK", { reservation_id: gone.id(1), state: "EXPIRED" });
    }
    const part = given(...stocks, held(1, { 1: 5 }), released(1, [2]));
    resolve(part, "RELEASE").thenRefused("NOT_AT_RISK", { reservation_id: part.id(1), state: "PENDING" });
  });

  test("or does not exist, is not found", () => {
    const scenario = given(...stocks);
    resolve(scenario, "KEEP", 7).thenRefused("RESERVATION_NOT_FOUND", { reservation_id: scenario.id(7) });
  });
});
