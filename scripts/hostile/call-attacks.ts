/** Attacks with calls: floods of frames, streams that are not read or written, messages that are too large, and ever new request ids. */
import { constants } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { WatchAvailabilityRequestSchema } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { ReserveRequestSchema } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import type { Attack, Target } from "./attack.js";
import { endOf, framed, isOver, openCall, openSession, requestFrame, tally } from "./wire.js";

const RESERVE = "/holdfast.v1.ReservationService/Reserve";
const RESERVE_STREAM = "/holdfast.v1.ReservationService/ReserveStream";
const WATCH = "/holdfast.v1.AvailabilityService/WatchAvailability";
const TOO_LARGE_BYTES = 5 * 1024 * 1024;
const BOMB_BYTES = 512 * 1024 * 1024;
const BATCH = 100;
const REQUEST_IDS = 1_000_000;
const IN_FLIGHT = 64;

const reserve = (number: number) =>
  requestFrame(ReserveRequestSchema, {
    requestId: `hostile-${process.pid}-${number}`,
    dealerId: "hostile",
    orderId: `h-${number}`,
    warehouseId: "W",
    lines: [{ sku: "plenty", quantity: 1n }],
  });

/** Repeats in batches until the time is up or the server has had enough; how many batches, and how it ended. */
async function flood(target: Target, batch: (session: Awaited<ReturnType<typeof openSession>>) => void) {
  const until = performance.now() + target.durationMs;
  let batches = 0;
  let ended = 0;
  while (performance.now() < until) {
    const session = await openSession(target).catch(() => undefined);
    if (session === undefined) {
      ended += 1;
      await sleep(50);
      continue;
    }
    while (performance.now() < until && !isOver(session)) {
      batch(session);
      batches += 1;
      await sleep(1);
    }
    if (isOver(session)) ended += 1;
    session.destroy();
  }
  return `${batches * BATCH} frames, connection ended ${ended} times`;
}

async function bombs(target: Target, body: Buffer, encoding?: string): Promise<string> {
  const ends: string[] = [];
  for (let number = 0; number < 20 * target.scale; number++) {
    const session = await openSession(target);
    const stream = session.request({
      ":method": "POST",
      ":path": RESERVE,
      "content-type": "application/grpc",
      te: "trailers",
      ...(encoding === undefined ? {} : { "grpc-encoding": encoding }),
    });
    stream.on("error", () => {});
    stream.end(body);
    ends.push(await endOf(stream));
    session.destroy();
  }
  return tally(ends);
}

/** Calls with a request id each that nobody ever used, a bounded number at a time, and what they were answered. */
async function requestIds(target: Target): Promise<string> {
  const session = await openSession(target);
  const ends = new Map<string, number>();
  const total = REQUEST_IDS * target.scale;
  let next = 0;
  const lane = async () => {
    while (next < total && !isOver(session)) {
      const stream = openCall(session, RESERVE);
      stream.end(reserve(next++));
      const end = await endOf(stream);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  session.destroy();
  return [...ends].map(([end, count]) => `${count} ${end}`).join(", ");
}

export const callAttacks: readonly Attack[] = [
  {
    name: "rapid resets",
    run: (target) =>
      flood(target, (session) => {
        for (let number = 0; number < BATCH && !isOver(session); number++) {
          openCall(session, RESERVE).close(constants.NGHTTP2_CANCEL);
        }
      }),
  },
  { name: "messages that are too large", run: (target) => bombs(target, framed(Buffer.alloc(TOO_LARGE_BYTES))) },
  {
    name: "compressed bombs",
    run: (target) => bombs(target, framed(gzipSync(Buffer.alloc(BOMB_BYTES)), true), "gzip"),
  },
  {
    name: "wrong content types",
    async run(target) {
      const session = await openSession(target);
      const ends = Array.from({ length: BATCH }, () => {
        const stream = openCall(session, RESERVE, "text/html");
        stream.end("hello");
        return endOf(stream);
      });
      const words = await Promise.all(ends);
      session.destroy();
      return tally(words);
    },
  },
  {
    name: "streams that are never written to",
    async run(target) {
      const session = await openSession(target);
      const streams = Array.from({ length: 1_500 }, () => openCall(session, RESERVE_STREAM));
      await sleep(target.durationMs);
      const words = streams.map((stream) => (stream.closed ? "closed" : "open"));
      session.destroy();
      return tally(words);
    },
  },
  {
    name: "watches that are never read",
    async run(target) {
      const watch = requestFrame(WatchAvailabilityRequestSchema, { warehouseId: "W" });
      const sessions = await Promise.all(Array.from({ length: 100 }, () => openSession(target, 0)));
      const streams = sessions.map((session) => {
        const stream = openCall(session, WATCH);
        stream.end(watch);
        return stream;
      });
      await sleep(target.durationMs);
      const words = streams.map((stream) => (stream.closed ? "closed" : "open"));
      for (const session of sessions) session.destroy();
      return tally(words);
    },
  },
  { name: "new request ids", run: requestIds },
];
