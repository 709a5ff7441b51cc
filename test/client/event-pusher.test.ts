import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import {
  Disposition,
  durationMs,
  type EventPusher,
  type EventPusherOptions,
  HoldfastClient,
  type MissingRange,
  type PushInput,
} from "../../src/client/index.js";
import type { StreamEventsRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { ScriptedIngest } from "./scripted-ingest.js";
import { refused, type Script, startScriptedServer } from "./scripted-server.js";

type ServerCall = ServerDuplexStream<StreamEventsRequest, object>;

const HOUR_MS = 3_600_000;
const FAST = { backoff: { backoffMinMs: 1, backoffMaxMs: 2 }, heartbeatMs: HOUR_MS };

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function connect(script: Script): Promise<HoldfastClient> {
  const server = await startScriptedServer(script);
  const client = new HoldfastClient(server.address);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  return client;
}

async function pushTo(ingest: ScriptedIngest, options: Partial<EventPusherOptions> = {}): Promise<EventPusher> {
  const pusher = (await connect(ingest.script)).pushEvents({ source: "s", ...FAST, ...options });
  stops.unshift(() => pusher.cancel());
  return pusher;
}

function received(number: number, more: Partial<PushInput> = {}): PushInput {
  const value = { warehouseId: "w1", sku: "A", quantity: number };
  return { eventId: `e${number}`, body: { case: "stockReceived", value }, ...more };
}

function numbered(number: number): PushInput {
  return received(number, { sequence: number });
}

function upTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `e${index + 1}`);
}

const appliedIds = (ingest: ScriptedIngest): string[] => ingest.applied.map(({ eventId }) => eventId);

function signal<T = void>(): { given: Promise<T>; give: (value: T) => void } {
  let give = (_: T): void => {};
  const given = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

/** One round of the event loop. */
const nextRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A small generator of numbers from 0 to 1, the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a pusher", () => {
  test("goes on after what the server has applied, and tells each event's sequence and disposition", async () => {
    const ingest = new ScriptedIngest();
    ingest.appliedSequence = 41n;
    const told: string[] = [];
    const onAcknowledged = ({ sequence }: { sequence: bigint }) => told.push(String(sequence));
    const pusher = await pushTo(ingest, { onAcknowledged });
    expect((await pusher.started).appliedSequence).toBe(41n);
    const good = await pusher.push(received(1));
    const bad = await pusher.push(received(2, { eventId: "bad-2" }));
    const again = await pusher.push(received(3, { sequence: 42 }));
    expect([good.sequence, bad.sequence, again.sequence]).toEqual([42n, 43n, 42n]);
    expect(await good.acknowledged).toMatchObject({ sequence: 42n, eventId: "e1", disposition: Disposition.APPLIED });
    expect(await bad.acknowledged).toMatchObject({
      disposition: Disposition.REJECTED,
      reason: "INVALID_FIELD: quantity",
    });
    expect(await again.acknowledged).toMatchObject({ disposition: Disposition.DUPLICATE });
    await pusher.close();
    expect(told).toEqual(["42", "43", "42"]);
  });

  test.each([1, 2, 3, 4, 5])(
    "brings every event in once and in order through broken streams (seed %d)",
    async (seed) => {
      const random = chance(seed);
      const ingest = new ScriptedIngest();
      ingest.fate = () => {
        const roll = random();
        return roll < 0.02 ? "lost" : roll < 0.04 ? "answer lost" : "answered";
      };
      const pusher = await pushTo(ingest, { queueMax: 20, inFlightMax: 7 });
      const acknowledged: string[] = [];
      for (let number = 1; number <= 400; number++) {
        const pushed = await pusher.push(received(number));
        void pushed.acknowledged.then(({ eventId }) => acknowledged.push(eventId));
      }
      await pusher.close();
      expect(appliedIds(ingest)).toEqual(upTo(400));
      expect(acknowledged).toEqual(upTo(400));
      // The faults happened: streams broke, and events came twice.
      expect(ingest.streams).toBeGreaterThan(3);
      expect(ingest.arrived.length).toBeGreaterThan(403);
    },
  );

  test("takes at most queueMax unacknowledged events; the next push waits for an acknowledgement", async () => {
    const held: (() => void)[] = [];
    const full = signal();
    const client = await connect({
      getSourceStatus: () => ({}),
      streamEvents: (call: ServerCall) => {
        call.on("data", ({ event }: StreamEventsRequest) => {
          held.push(() => call.write({ sequence: event?.sequence, disposition: Disposition.APPLIED }));
          if (held.length === 3) full.give();
        });
        call.on("end", () => call.end());
      },
    });
    const pusher = client.pushEvents({ source: "s", ...FAST, queueMax: 4, inFlightMax: 3 });
    stops.unshift(() => pusher.cancel());
    // A heartbeat goes first where nothing waits; the first push makes sure that something does.
    for (let number = 1; number <= 4; number++) await pusher.push(received(number));
    await full.given;
    let isTaken = false;
    const fifth = pusher.push(received(5)).then((pushed) => {
      isTaken = true;
      return pushed;
    });
    for (let round = 0; round < 20; round++) await nextRound();
    expect(held).toHaveLength(3);
    expect(isTaken).toBe(false);
    while (!isTaken) {
      held.shift()?.();
      await nextRound();
    }
    expect((await fifth).sequence).toBe(5n);
  });

  test("flush waits for what was pushed before it, and for nothing after it", async () => {
    const ingest = new ScriptedIngest();
    const pusher = await pushTo(ingest);
    await pusher.flush();
    void pusher.push(received(1));
    void pusher.push(received(2));
    await pusher.flush();
    expect(appliedIds(ingest)).toEqual(["e1", "e2"]);
    const flushed = pusher.flush();
    void pusher.push(received(3));
    await flushed;
  });

  test("tells no heartbeat while its source is silent, and one once it speaks again", async () => {
    const ingest = new ScriptedIngest();
    const asked = signal();
    const told = signal();
    let questions = 0;
    const isSourceAlive = (): boolean => {
      if (++questions === 3) asked.give();
      return questions > 3;
    };
    ingest.fate = () => {
      told.give();
      return "answered";
    };
    await pushTo(ingest, { heartbeatMs: 5, isSourceAlive });
    await asked.given;
    expect(ingest.arrived).toEqual([]);
    await told.given;
    expect(ingest.arrived).toEqual(["0/0"]);
  });

  test("sends a heartbeat at once when a stream opens with nothing to send, and none before events that wait", async () => {
    const ingest = new ScriptedIngest();
    ingest.appliedSequence = 3n;
    const first = signal();
    ingest.fate = () => {
      first.give();
      return "answered";
    };
    await pushTo(ingest);
    await first.given;
    expect(ingest.arrived).toEqual(["0/3"]);
    const busy = new ScriptedIngest();
    const pusher = await pushTo(busy);
    await pusher.push(received(1));
    await pusher.close();
    expect(busy.arrived).toEqual(["1"]);
  });

  test("tells its last sequence in a heartbeat when idle, what was announced, and the ERP's slowest answer once", async () => {
    const ingest = new ScriptedIngest();
    const pusher = await pushTo(ingest, { heartbeatMs: 5 });
    await pusher.push(received(1));
    await pusher.push(received(2));
    await pusher.flush();
    const heartbeats: string[] = [];
    const enough = signal();
    ingest.fate = ({ body }) => {
      if (body.case !== "sourceHeartbeat") return "answered";
      const { lastSequence, erpResponseTime } = body.value;
      heartbeats.push(`${lastSequence} ${erpResponseTime === undefined ? "-" : durationMs(erpResponseTime)}`);
      if (heartbeats.length === 1) {
        pusher.announce(7);
        pusher.noteErpResponse(12);
        pusher.noteErpResponse(340);
        pusher.noteErpResponse(5);
      }
      if (heartbeats.length === 3) enough.give();
      return "answered";
    };
    await enough.given;
    expect(heartbeats.slice(0, 3)).toEqual(["2 -", "7 340", "7 -"]);
  });

  test("hands a request for positions to its handler, and tells what the handler throws", async () => {
    const ingest = new ScriptedIngest();
    const failed = signal<unknown>();
    const asked: string[] = [];
    const pusher = await pushTo(ingest, {
      onPositionsRequest: async ({ runId }) => {
        asked.push(runId);
        throw new Error("the ERP does not answer");
      },
      onError: failed.give,
    });
    await (await pusher.push(received(1))).acknowledged;
    ingest.say({ positionsRequest: { runId: "r1", full: true } });
    expect(await failed.given).toMatchObject({ message: "the ERP does not answer" });
    expect(asked).toEqual(["r1"]);
    expect(await (await pusher.push(received(2))).acknowledged).toMatchObject({ sequence: 2n });
  });
});

describe("what the server misses", () => {
  test("is sent again from memory when the server was restored from a backup", async () => {
    const ingest = new ScriptedIngest();
    const pusher = await pushTo(ingest);
    for (let number = 1; number <= 9; number++) await pusher.push(received(number));
    await pusher.flush();
    ingest.restore(4n);
    const tenth = await pusher.push(received(10));
    expect(await tenth.acknowledged).toMatchObject({
      disposition: Disposition.BUFFERED,
      missing: [{ first: 5n, last: 9n }],
    });
    await pusher.close();
    expect(appliedIds(ingest)).toEqual(upTo(10));
  });

  test("is asked for from the connector when it is not remembered, once for each stream", async () => {
    const ingest = new ScriptedIngest();
    const asked: string[] = [];
    const pusher = await pushTo(ingest, {
      onMissing: ({ first, last }: MissingRange) => {
        asked.push(`${first}-${last}`);
        return [numbered(3), numbered(4)];
      },
    });
    for (const number of [1, 2, 5, 6, 7]) await pusher.push(numbered(number));
    await pusher.flush();
    await pusher.close();
    expect(appliedIds(ingest)).toEqual(upTo(7));
    expect(asked).toEqual(["3-4"]);
  });

  test("goes first on a new stream when the server has no more room ahead of the gap", async () => {
    const ingest = new ScriptedIngest();
    ingest.bufferedMax = 3;
    const failures: unknown[] = [];
    const pusher = await pushTo(ingest, {
      onMissing: () => (ingest.streams < 2 ? [] : [numbered(2)]),
      onError: (error) => failures.push(error),
    });
    for (const number of [1, 3, 4, 5, 6, 7]) await pusher.push(numbered(number));
    await pusher.close();
    expect(appliedIds(ingest)).toEqual(upTo(7));
    expect(failures[0]).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: "OVERLOADED" });
  });

  test("shows by a heartbeat when it is the last event, and comes from the connector", async () => {
    const ingest = new ScriptedIngest();
    const found = signal();
    const pusher = await pushTo(ingest, {
      heartbeatMs: 5,
      onMissing: () => {
        found.give();
        return [numbered(2)];
      },
    });
    await pusher.push(numbered(1));
    pusher.announce(2);
    await found.given;
    await pusher.close();
    expect(appliedIds(ingest)).toEqual(upTo(2));
  });
});

describe("the end of a pusher", () => {
  test("cancel rejects whatever waits, and close after it", async () => {
    const arrived = signal();
    const client = await connect({
      getSourceStatus: () => ({}),
      streamEvents: (call: ServerCall) => call.on("data", arrived.give),
    });
    const pusher = client.pushEvents({ source: "s", ...FAST, queueMax: 1 });
    const first = await pusher.push(received(1));
    const waits = [first.acknowledged, pusher.push(received(2)), pusher.flush()];
    await arrived.given;
    pusher.cancel();
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: status.CANCELLED });
    await expect(pusher.close()).rejects.toMatchObject({ code: status.CANCELLED });
    await expect(pusher.push(received(3))).rejects.toMatchObject({ code: status.CANCELLED });
  });

  test("a refusal that another try would not change ends it, and everything that waits is told", async () => {
    const refusal = { code: status.INVALID_ARGUMENT, message: "no", reason: "INVALID_FIELD", fields: ["source"] };
    let calls = 0;
    const client = await connect({
      getSourceStatus: () => {
        calls += 1;
        throw refused(refusal);
      },
    });
    const pusher = client.pushEvents({ source: "\u0007", ...FAST });
    await expect(pusher.push(received(1))).rejects.toMatchObject({ reason: "INVALID_FIELD" });
    await expect(pusher.started).rejects.toMatchObject({ reason: "INVALID_FIELD" });
    await expect(pusher.close()).rejects.toMatchObject({ reason: "INVALID_FIELD" });
    expect(calls).toBe(1);
  });

  test("close without a server ends at once when nothing waits", async () => {
    const server = await startScriptedServer({});
    server.stop();
    const client = new HoldfastClient(server.address);
    const pusher = client.pushEvents({ source: "s", ...FAST });
    await pusher.close();
    await expect(pusher.started).rejects.toMatchObject({ code: status.CANCELLED });
    await expect(pusher.push(received(1))).rejects.toMatchObject({ code: status.CANCELLED });
    client.close();
  });

  test("close waits for a server that comes back", async () => {
    const ingest = new ScriptedIngest();
    let refusals = 3;
    ingest.fate = () => (refusals-- > 0 ? "lost" : "answered");
    const failures: unknown[] = [];
    const pusher = await pushTo(ingest, { onError: (error) => failures.push(error) });
    void pusher.push(received(1));
    await pusher.close();
    expect(appliedIds(ingest)).toEqual(["e1"]);
    expect(failures).toHaveLength(3);
  });

  test.each([0, -1, 1.5])("an event with sequence %d is refused and leaves the others alone", async (sequence) => {
    const ingest = new ScriptedIngest();
    const pusher = await pushTo(ingest);
    await expect(pusher.push(received(1, { sequence }))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect((await pusher.push(received(1))).sequence).toBe(1n);
    await pusher.close();
    expect(appliedIds(ingest)).toEqual(["e1"]);
  });
});
