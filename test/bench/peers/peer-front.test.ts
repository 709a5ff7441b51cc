/** The front end over each store, as Holdfast's own client meets it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addPeerMethods } from "../../../scripts/bench/peers/front/peer-front.js";
import { openStore } from "../../../scripts/bench/peers/front/store-settings.js";
import { findPeer, type PeerProgram, peerNames } from "../../../scripts/bench/peers/instances/find-programs.js";
import { startPostgres } from "../../../scripts/bench/peers/instances/postgres-instance.js";
import { startRedis } from "../../../scripts/bench/peers/instances/redis-instance.js";
import type { StoreInstance } from "../../../scripts/bench/peers/instances/store-instance.js";
import type { PeerStore } from "../../../scripts/bench/peers/stores/peer-store.js";
import { FillPolicy, GrpcStatus, HoldfastClient, ReservationState, ReserveOutcome } from "../../../src/client/index.js";

for (const name of peerNames) {
  const program = findPeer(name);
  if (program.kind === "missing") {
    test.skip(`the front end over ${name} speaks the contract (SKIPPED: ${program.reason})`, () => {});
    continue;
  }
  describe(`the front end over ${name}`, () => describeFront(name, program));
}

function describeFront(name: (typeof peerNames)[number], program: PeerProgram): void {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-peer-"));
  const server = new grpc.Server();
  const order = { dealerId: "dealer", orderId: "order", warehouseId: "W1" };
  let instance: StoreInstance;
  let store: PeerStore;
  let client: HoldfastClient;

  beforeAll(async () => {
    instance = await (name === "postgres" ? startPostgres : startRedis)(program, folder);
    store = await openStore({ name, address: instance.address, connections: 4 });
    addPeerMethods(server, store);
    const port = await new Promise<number>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    client = new HoldfastClient(`127.0.0.1:${port}`);
  });

  afterAll(async () => {
    client?.close();
    server.forceShutdown();
    await store?.close();
    await instance?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("reserves, commits and releases, with the answers of the contract", async () => {
    await store.receive("W1", "A", 5);
    const lines = [
      { sku: "A", quantity: 1n },
      { sku: "A", quantity: 2n },
    ];
    const request = { ...order, requestId: "one", lines };
    const reserved = await client.reserve(request);
    expect(reserved).toMatchObject({
      outcome: ReserveOutcome.RESERVED,
      reservation: {
        state: ReservationState.PENDING,
        lines: [{ sku: "A", requested: 3n, reserved: 3n }],
        revision: 1n,
      },
    });
    // Freshness tells of now, the rest is the first answer.
    expect((await client.reserve(request)).reservation).toEqual(reserved.reservation);
    const { reservationId } = reserved.reservation!;
    const committed = await client.commit({ dealerId: "dealer", requestId: "two", reservationId });
    expect(committed.reservation).toMatchObject({
      state: ReservationState.COMMITTED,
      orderId: "order",
      lines: [{ reserved: 0n, committed: 3n }],
      revision: 2n,
    });
    const released = await client.release({ dealerId: "dealer", requestId: "three", reservationId });
    expect(released.reservation).toMatchObject({
      state: ReservationState.RELEASED,
      lines: [{ committed: 0n, released: 3n }],
    });
  });

  test("tells what was short", async () => {
    await store.receive("W1", "B", 1);
    const answer = await client.reserve({ ...order, requestId: "short", lines: [{ sku: "B", quantity: 2n }] });
    expect(answer.outcome).toBe(ReserveOutcome.REJECTED);
    expect(answer.shortages).toMatchObject([{ sku: "B", requested: 2n, available: 1n }]);
  });

  test("refuses a reused request_id, an unknown SKU, and what the race leaves out of the contract", async () => {
    await store.receive("W1", "C", 5);
    const request = { ...order, requestId: "reused", lines: [{ sku: "C", quantity: 1n }] };
    await client.reserve(request);
    const refusals = [
      { request: { ...request, orderId: "another" }, code: GrpcStatus.ALREADY_EXISTS },
      {
        request: { ...request, requestId: "unknown", lines: [{ sku: "none", quantity: 1n }] },
        code: GrpcStatus.NOT_FOUND,
      },
      { request: { ...request, requestId: "partial", fillPolicy: FillPolicy.PARTIAL }, code: GrpcStatus.UNIMPLEMENTED },
      { request: { ...request, requestId: "empty", lines: [] }, code: GrpcStatus.INVALID_ARGUMENT },
    ];
    for (const { request, code } of refusals) await expect(client.reserve(request)).rejects.toMatchObject({ code });
  });
}
