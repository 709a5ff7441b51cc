import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { HoldfastClient, type OrderWatchOptions } from "../../src/client/index.js";
import type { WatchOrdersRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { refused, type StreamScript, startScriptedServer } from "./scripted-server.js";

const FAST = { backoffMinMs: 1, backoffMaxMs: 1 };

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function connect(script: StreamScript): Promise<HoldfastClient> {
  const server = await startScriptedServer({ watchOrders: script });
  const client = new HoldfastClient(server.address);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  return client;
}

/** Tells events `first` to `last`, each with its number as cursor. */
function tell(call: { write(message: object): void }, first: number, last: number): void {
  for (let number = first; number <= last; number++) {
    call.write({ event: { eventId: `o${number}` }, cursor: String(number) });
  }
}

type WatchDetails = Omit<OrderWatchOptions, "source" | "dealerId">;

async function read(client: HoldfastClient, options: WatchDetails, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { event, cursor } of client.watchOrders({ source: "s", backoff: FAST, ...options })) {
    seen.push(event?.eventId ?? `moved to ${cursor}`);
    if (seen.length === count) break;
  }
  return seen;
}

describe("a watch of orders", () => {
  test("goes on after the last message when the server goes away, and tells each disconnect", async () => {
    const asked: object[] = [];
    const client = await connect((call) => {
      const { source, cursor, fromOldest } = call.request as WatchOrdersRequest;
      asked.push({ source, cursor, fromOldest });
      const first = Number(cursor) + 1;
      tell(call, first, first + 1);
      if (asked.length === 2) call.end();
      else call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" }));
    });
    const reasons: string[] = [];
    const onDisconnect = (error: Error) => reasons.push((error as { reason?: string }).reason ?? "");
    expect(await read(client, { fromOldest: true, onDisconnect }, 6)).toEqual(["o1", "o2", "o3", "o4", "o5", "o6"]);
    expect(asked).toEqual([
      { source: "s", cursor: "", fromOldest: true },
      { source: "s", cursor: "2", fromOldest: false },
      { source: "s", cursor: "4", fromOldest: false },
    ]);
    expect(reasons).toEqual(["SHUTTING_DOWN"]);
  });

  test("starts at the caller's cursor, and hands out messages that only move it on", async () => {
    const client = await connect((call) => {
      const { cursor } = call.request as WatchOrdersRequest;
      call.write({ cursor: `${cursor}+` });
      tell(call, 8, 8);
    });
    expect(await read(client, { cursor: "7" }, 2)).toEqual(["moved to 7+", "o8"]);
  });

  test("throws what another try would not change", async () => {
    let calls = 0;
    const metadata = { oldest: "40" };
    const client = await connect((call) => {
      calls += 1;
      call.emit("error", refused({ code: status.OUT_OF_RANGE, message: "gone", reason: "CURSOR_TOO_OLD", metadata }));
    });
    await expect(read(client, { cursor: "3" }, 1)).rejects.toMatchObject({ reason: "CURSOR_TOO_OLD", metadata });
    expect(calls).toBe(1);
  });

  test("ends in good order when its signal aborts, while it waits and before it starts", async () => {
    const stop = new AbortController();
    let cancelled = (): void => {};
    const wasCancelled = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const client = await connect((call) => {
      tell(call, 1, 1);
      call.on("cancelled", cancelled);
    });
    const seen: string[] = [];
    for await (const { event } of client.watchOrders({ source: "s", signal: stop.signal })) {
      seen.push(event?.eventId ?? "");
      stop.abort();
    }
    await wasCancelled;
    expect(seen).toEqual(["o1"]);
    expect(await read(client, { signal: stop.signal }, 1)).toEqual([]);
  });

  test("ends in good order when its signal aborts during the wait before another try", async () => {
    const stop = new AbortController();
    const client = await connect((call) =>
      call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" })),
    );
    const backoff = { backoffMinMs: 3_600_000, backoffMaxMs: 3_600_000 };
    const onDisconnect = () => void Promise.resolve().then(() => stop.abort());
    expect(await read(client, { signal: stop.signal, backoff, onDisconnect }, 1)).toEqual([]);
  });

  test("cancels the stream when the caller stops reading", async () => {
    let cancelled = (): void => {};
    const wasCancelled = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const client = await connect((call) => {
      tell(call, 1, 3);
      call.on("cancelled", cancelled);
    });
    expect(await read(client, {}, 1)).toEqual(["o1"]);
    await wasCancelled;
  });

  test("asks for a dealer's orders, also when it asks again", async () => {
    const asked: object[] = [];
    const client = await connect((call) => {
      const { source, dealerId, cursor } = call.request as WatchOrdersRequest;
      asked.push({ source, dealerId, cursor });
      tell(call, asked.length, asked.length);
      call.end();
    });
    const seen: string[] = [];
    for await (const { event } of client.watchOrders({ dealerId: "D1", backoff: FAST })) {
      seen.push(event!.eventId);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(["o1", "o2"]);
    expect(asked).toEqual([
      { source: "", dealerId: "D1", cursor: "" },
      { source: "", dealerId: "D1", cursor: "1" },
    ]);
  });

  test("ends at once by return() while it waits for a message, and cancels the stream", async () => {
    let cancelled = (): void => {};
    const wasCancelled = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const client = await connect((call) => {
      tell(call, 1, 1);
      call.on("cancelled", cancelled);
    });
    const watch = client.watchOrders({ dealerId: "D1" });
    expect((await watch.next()).value?.event?.eventId).toBe("o1");
    const waiting = watch.next();
    expect(await watch.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    await wasCancelled;
  });

  test("ends at once by return() during the wait before another try, and opens nothing any more", async () => {
    let calls = 0;
    const client = await connect((call) => {
      calls += 1;
      call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" }));
    });
    let disconnected = (): void => {};
    const wasDisconnected = new Promise<void>((resolve) => {
      disconnected = resolve;
    });
    const backoff = { backoffMinMs: 3_600_000, backoffMaxMs: 3_600_000 };
    const watch = client.watchOrders({ dealerId: "D1", backoff, onDisconnect: disconnected });
    const waiting = watch.next();
    await wasDisconnected;
    await watch.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(calls).toBe(1);
  });
});
