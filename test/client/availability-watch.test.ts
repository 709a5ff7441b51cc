import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { type AvailabilityWatch, type AvailabilityWatchOptions, HoldfastClient } from "../../src/client/index.js";
import type { WatchAvailabilityRequest } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { refused, type StreamScript, startScriptedServer } from "./scripted-server.js";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function watch(script: StreamScript, options: Partial<AvailabilityWatchOptions> = {}) {
  const server = await startScriptedServer({ watchAvailability: script });
  const client = new HoldfastClient(server.address);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  const backoff = { backoffMinMs: 1, backoffMaxMs: 1 };
  return client.watchAvailability({ dealerId: "D1", backoff, ...options } as AvailabilityWatchOptions);
}

interface Told {
  readonly stocks?: Readonly<Record<string, number>>;
  readonly snapshot?: "part" | "last";
  readonly reset?: string;
  readonly cursor: string;
}

function message({ stocks, snapshot, reset, cursor }: Told): object {
  if (reset !== undefined) return { event: { case: "reset", value: { reason: reset } }, cursor };
  if (stocks === undefined) return { event: { case: "heartbeat", value: {} }, cursor };
  const availability = Object.entries(stocks).map(([sku, units]) => ({ sku, availableToPromise: BigInt(units) }));
  const value = { availability, snapshot: snapshot !== undefined, snapshotComplete: snapshot === "last" };
  return { event: { case: "batch", value }, cursor };
}

const unavailable = () => refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" });

/** The map as units by SKU. */
function shown({ stocks }: AvailabilityWatch): Record<string, number> {
  return Object.fromEntries([...stocks].map(([sku, { availableToPromise }]) => [sku, Number(availableToPromise)]));
}

async function next(of: AvailabilityWatch) {
  const { value } = await of.next();
  return value;
}

describe("a watch of availability", () => {
  test("shows a snapshot when it is whole, then each change", async () => {
    const watched = await watch((call) => {
      call.write(message({ stocks: { a: 1 }, snapshot: "part", cursor: "1" }));
      call.write(message({ stocks: { b: 2 }, snapshot: "last", cursor: "2" }));
      call.write(message({ stocks: { b: 3, c: 4 }, cursor: "3" }));
      call.write(message({ cursor: "4" }));
    });
    expect([shown(watched), watched.isComplete, watched.isConnected]).toEqual([{}, false, false]);
    expect(await next(watched)).toMatchObject({ kind: "snapshot", cursor: "2", availability: [{}, {}] });
    expect([shown(watched), watched.isComplete, watched.isConnected]).toEqual([{ a: 1, b: 2 }, true, true]);
    expect(await next(watched)).toMatchObject({ kind: "changes", cursor: "3", availability: [{}, {}] });
    expect(shown(watched)).toEqual({ a: 1, b: 3, c: 4 });
    expect(await next(watched)).toMatchObject({ kind: "freshness", cursor: "4" });
    await watched.return();
  });

  test("after a reset what was there stands until the new snapshot is whole, and is replaced by it", async () => {
    const watched = await watch((call) => {
      call.write(message({ stocks: { a: 1, b: 2 }, snapshot: "last", cursor: "1" }));
      call.write(message({ reset: "WAREHOUSE_REASSIGNED", cursor: "2" }));
      call.write(message({ stocks: { a: 7 }, snapshot: "part", cursor: "3" }));
      call.write(message({ stocks: { z: 8 }, snapshot: "last", cursor: "4" }));
    });
    await next(watched);
    expect(await next(watched)).toMatchObject({ kind: "reset", reason: "WAREHOUSE_REASSIGNED" });
    expect([shown(watched), watched.isComplete]).toEqual([{ a: 1, b: 2 }, false]);
    expect(await next(watched)).toMatchObject({ kind: "snapshot" });
    expect([shown(watched), watched.isComplete]).toEqual([{ a: 7, z: 8 }, true]);
    await watched.return();
  });

  test("goes on from its cursor after a disconnect, in the middle of a snapshot too", async () => {
    const asked: object[] = [];
    const scripts = [
      [message({ stocks: { a: 1 }, snapshot: "part", cursor: "1" })],
      [message({ stocks: { b: 2 }, snapshot: "last", cursor: "2" })],
      [message({ stocks: { a: 5 }, cursor: "3" })],
    ];
    const told: boolean[] = [];
    const watched: AvailabilityWatch = await watch(
      (call) => {
        const { dealerId, warehouseId, skus, cursor } = call.request as WatchAvailabilityRequest;
        asked.push({ dealerId, warehouseId, skus, cursor });
        for (const each of scripts[asked.length - 1]!) call.write(each);
        if (asked.length < scripts.length) call.emit("error", unavailable());
      },
      { skus: ["a", "b"], onDisconnect: () => told.push(watched.isConnected) },
    );
    expect(await next(watched)).toMatchObject({ kind: "snapshot", cursor: "2" });
    expect(await next(watched)).toMatchObject({ kind: "changes", cursor: "3" });
    expect([shown(watched), watched.isConnected, told]).toEqual([{ a: 5, b: 2 }, true, [false, false]]);
    const question = { dealerId: "D1", warehouseId: "", skus: ["a", "b"] };
    expect(asked).toEqual(["", "1", "2"].map((cursor) => ({ ...question, cursor })));
    await watched.return();
  });

  test("comes back after it was too slow, and throws what another try would not change", async () => {
    let calls = 0;
    const watched = await watch((call) => {
      calls += 1;
      const [code, reason] =
        calls === 1 ? [status.RESOURCE_EXHAUSTED, "READER_TOO_SLOW"] : [status.NOT_FOUND, "DEALER_NOT_FOUND"];
      call.emit("error", refused({ code: code as status, message: "x", reason: reason as string }));
    });
    await expect(watched.next()).rejects.toMatchObject({ reason: "DEALER_NOT_FOUND" });
    expect(calls).toBe(2);
  });

  test("ends in good order by its signal and by return(), while it waits", async () => {
    const stop = new AbortController();
    const bySignal = await watch((call) => call.write(message({ cursor: "1" })), { signal: stop.signal });
    await next(bySignal);
    const waiting = bySignal.next();
    stop.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const byReturn = await watch((call) => call.write(message({ cursor: "1" })));
    await next(byReturn);
    const last = byReturn.next();
    await byReturn.return();
    expect(await last).toEqual({ done: true, value: undefined });
  });
});
