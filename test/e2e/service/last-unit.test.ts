/** Many callers of two dealers race for the last unit, round after round: exactly one gets it (I1). */

import { create } from "@bufbuild/protobuf";
import type { Client } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOnce } from "../../../src/client/unary-call.js";
import { ReservationService, ReserveOutcome } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { ServiceHarness } from "../../api/service-harness.js";

const ROUNDS = 50;
const CALLERS_OF_EACH = 20;
const DEALERS = ["north", "south"];

let service: ServiceHarness;
let connections: Client[];

beforeAll(async () => {
  service = await ServiceHarness.start();
  connections = Array.from({ length: 4 }, () => service.connect());
});

afterAll(async () => {
  for (const connection of connections) connection.close();
  await service.stop();
});

function reserve(round: number, index: number, commit: boolean) {
  const dealerId = DEALERS[index % DEALERS.length]!;
  const { method } = ReservationService;
  const request = create(method.reserve.input, {
    requestId: `round-${round}-${index}`,
    dealerId,
    orderId: `order-${index}`,
    warehouseId: "W1",
    lines: [{ sku: "last", quantity: 1n }],
    commit,
  });
  const connection = connections[index % connections.length]!;
  return callOnce(connection, method.reserve, request, { remainingMs: 20_000, signal: undefined });
}

test(`in each of ${ROUNDS} rounds one of ${DEALERS.length * CALLERS_OF_EACH} callers wins the last unit`, async () => {
  const winners = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    await service.receive("last", 1);
    const commit = round % 2 === 1;
    const callers = Array.from({ length: DEALERS.length * CALLERS_OF_EACH }, (_, index) => index);
    // Callers that have nothing in common but the stock do not even start in the same order.
    callers.sort((a, b) => ((a * 7 + round) % 11) - ((b * 7 + round) % 11));
    const answers = await Promise.all(callers.map((index) => reserve(round, index, commit)));
    const won = answers.filter(({ outcome }) => outcome === ReserveOutcome.RESERVED);
    expect(won, `round ${round}`).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === ReserveOutcome.REJECTED)).toHaveLength(callers.length - 1);
    winners.add(won[0]!.reservation!.dealerId);
    expect(await service.figures("last")).toMatchObject({
      onHand: BigInt(round + 1),
      availableToPromise: 0n,
      shortfall: 0n,
    });
  }
  const { reserved, committed } = await service.figures("last");
  expect(reserved + committed).toBe(BigInt(ROUNDS));
  await service.restart();
  expect(await service.figures("last")).toMatchObject({ reserved, committed, availableToPromise: 0n });
});

test("a round trip of hold, commit, release and expiry under load never promises more than there is", async () => {
  const units = 30;
  await service.receive("busy", units);
  let promised = 0;
  await Promise.all(
    Array.from({ length: 40 }, async (_, caller) => {
      for (let times = 0; times < 10; times++) {
        const dealerId = DEALERS[caller % 2]!;
        const lines = [{ sku: "busy", quantity: BigInt(1 + ((caller + times) % 5)) }];
        const answer = await service.reserve({ dealerId, lines, commit: times % 3 === 0 });
        const id = answer.reservation?.reservationId;
        if (id === undefined) continue;
        const { reserved, committed, shortfall } = await service.figures("busy");
        promised = Math.max(promised, Number(reserved + committed));
        expect(shortfall).toBe(0n);
        if (times % 2 === 0) await service.commit(id, dealerId).catch(() => {});
        await service.release(id, dealerId);
      }
    }),
  );
  expect(promised).toBeGreaterThan(0);
  expect(promised).toBeLessThanOrEqual(units);
  expect(await service.figures("busy")).toMatchObject({
    reserved: 0n,
    committed: 0n,
    availableToPromise: BigInt(units),
  });
});
