/** Callers that mean harm, on the wire: each gets a status or loses its connection, and a well-behaved caller is served meanwhile. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HoldfastClient, ReserveRequestSchema } from "../../../src/client/index.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { RunningServer } from "../process/running-server.js";

const RESERVE = "/holdfast.v1.ReservationService/Reserve";
const RESERVE_STREAM = "/holdfast.v1.ReservationService/ReserveStream";
const RSS_MAX_MB = 700;
const RESOURCE_EXHAUSTED = "8";
const GOAWAY = 7;

let folder = "";
let server: RunningServer;
let host = "";
let port = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-hostile-"));
  server = await RunningServer.start(folder);
  [host, port] = [server.listen.split(":")[0]!, Number(server.listen.split(":")[1])];
  const client = new HoldfastClient(server.listen);
  const body = { case: "stockReceived" as const, value: { warehouseId: "W", sku: "A", quantity: 1_000_000 } };
  for await (const answer of client.streamEvents([{ source: "erp", sequence: 1, eventId: "e", body }])) {
    expect(answer.disposition).toBe(1);
  }
  client.close();
});
afterAll(async () => {
  expect(await server.end("SIGTERM")).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

/** Whatever happened: somebody who behaves is served, and memory is bounded. */
afterEach(async () => {
  const client = new HoldfastClient(server.listen, { retry: { attemptsMax: 1 } });
  const lines = [{ sku: "A", quantity: 1 }];
  const order = { dealerId: "good", orderId: "o", warehouseId: "W", lines };
  const { reservation } = await client.reserve(order, { deadlineMs: 10_000 });
  expect(reservation?.reservationId).toBeTruthy();
  client.close();
  expect(server.isRunning).toBe(true);
  const status = await readFile(`/proc/${server.pid}/status`, "utf8").catch(() => "VmRSS: 0 kB");
  expect(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024).toBeLessThan(RSS_MAX_MB);
});

async function session(): Promise<ClientHttp2Session> {
  const made = connect(`http://${host}:${port}`);
  // What the server does to a hostile connection is its business; here it must not end the test.
  made.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    made.once("connect", () => resolve());
    made.once("error", reject);
  });
  return made;
}

function open(from: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  const stream = from.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  return stream;
}

interface Ended {
  readonly http: number | undefined;
  readonly grpc: string | undefined;
}

/** How the server ended a stream: HTTP status and gRPC status, from headers or trailers. */
function ending(stream: ClientHttp2Stream): Promise<Ended> {
  return new Promise((resolve) => {
    let http: number | undefined;
    let grpc: string | undefined;
    stream.on("response", (headers) => {
      http = headers[":status"];
      grpc ??= headers["grpc-status"] as string | undefined;
      if (grpc !== undefined) resolve({ http, grpc });
    });
    stream.on("trailers", (trailers) => {
      grpc ??= trailers["grpc-status"] as string | undefined;
      resolve({ http, grpc });
    });
    stream.on("close", () => resolve({ http, grpc }));
    stream.resume();
  });
}

function frame(message: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function request(number: number): Uint8Array {
  const lines = [{ sku: "A", quantity: 1n }];
  const order = { requestId: `h${number}`, dealerId: "bad", orderId: "o", warehouseId: "W", lines };
  return toBinary(ReserveRequestSchema, create(ReserveRequestSchema, order));
}

/** The types of the HTTP/2 frames in what a server sent. */
function frameTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3]!);
  return types;
}

async function raw(): Promise<Socket> {
  const socket = createConnection({ host, port });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

const gone = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once("close", () => resolve())));

describe("bytes that are no HTTP/2", () => {
  test("end the connection", async () => {
    const random = new SeededRandom(chosenSeed());
    for (let attempt = 0; attempt < 20; attempt++) {
      const socket = await raw();
      socket.resume();
      socket.write(random.bytes(1 + random.below(5_000)));
      await gone(socket);
    }
  });

  test("after a good preface get a GOAWAY or end it too", async () => {
    const socket = await raw();
    const heard: Buffer[] = [];
    const saysGoAway = new Promise<void>((resolve) => {
      socket.on("data", (bytes) => {
        heard.push(bytes);
        if (frameTypes(Buffer.concat(heard)).includes(GOAWAY)) resolve();
      });
    });
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    // A frame of a size that no peer may send.
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]));
    await Promise.race([saysGoAway, gone(socket)]);
    socket.destroy();
  });
});

describe("a call that is not as it should be", () => {
  test("of another content type gets 415", async () => {
    const from = await session();
    const stream = open(from, RESERVE, { "content-type": "text/html" });
    stream.end("hello");
    expect(await ending(stream)).toMatchObject({ http: 415 });
    from.close();
  });

  test("larger than the receive limit gets RESOURCE_EXHAUSTED", async () => {
    const from = await session();
    const stream = open(from, RESERVE);
    const ended = ending(stream);
    stream.write(frame(Buffer.alloc(5 * 1024 * 1024)));
    expect(await ended).toMatchObject({ grpc: RESOURCE_EXHAUSTED });
    from.destroy();
  });

  test("that inflates beyond the receive limit gets RESOURCE_EXHAUSTED, before it is all inflated", async () => {
    const from = await session();
    const stream = open(from, RESERVE, { "grpc-encoding": "gzip" });
    const ended = ending(stream);
    stream.end(frame(gzipSync(Buffer.alloc(512 * 1024 * 1024)), true));
    expect(await ended).toMatchObject({ grpc: RESOURCE_EXHAUSTED });
    from.destroy();
  });

  test("that ends in the middle of its message, or is no protobuf, gets a status", async () => {
    const from = await session();
    for (const bytes of [frame(request(0)).subarray(0, 9), frame(Buffer.from([0xff, 0xff, 0xff])), Buffer.alloc(0)]) {
      const stream = open(from, RESERVE);
      const ended = ending(stream);
      stream.end(bytes);
      expect((await ended).grpc).toMatch(/^(3|8|12|13)$/);
    }
    from.close();
  });

  test("with a deadline that is no deadline gets an answer or a status", async () => {
    const from = await session();
    for (const timeout of ["nonsense", "-1S", "99999999999H", "1n"]) {
      const stream = open(from, RESERVE, { "grpc-timeout": timeout });
      const ended = ending(stream);
      stream.end(frame(request(1)));
      expect((await ended).grpc).toBeDefined();
    }
    from.close();
  });
});

describe("floods", () => {
  test("of streams that are reset at once do not keep others waiting", async () => {
    const from = await session();
    for (let burst = 0; burst < 50 && !from.destroyed; burst++) {
      for (let number = 0; number < 100 && !from.destroyed; number++) {
        const stream = open(from, RESERVE);
        stream.write(frame(request(burst * 100 + number)));
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await sleep(1);
    }
    from.destroy();
  });

  test("of pings and settings are answered or ended", async () => {
    const from = await session();
    for (let number = 0; number < 5_000 && !from.destroyed; number++) from.ping(Buffer.alloc(8), () => {});
    for (let number = 0; number < 500 && !from.destroyed; number++)
      from.settings({ initialWindowSize: 65_535 + number });
    await sleep(200);
    from.destroy();
  });

  test("of idle connections are taken or turned away, and cost little", async () => {
    const sockets = await Promise.all(Array.from({ length: 500 }, () => raw()));
    await sleep(200);
    for (const socket of sockets) socket.destroy();
  });

  test("of requests on a stream whose answers are never read stay bounded", async () => {
    const from = connect(`http://${host}:${port}`, { settings: { initialWindowSize: 0 } });
    from.on("error", () => {});
    const stream = open(from, RESERVE_STREAM);
    let sent = 0;
    for (; sent < 200_000 && !stream.destroyed; sent++) {
      const inner = request(1_000_000 + sent);
      const message = Buffer.concat([Buffer.from([0x0a, inner.length]), inner]);
      if (!stream.write(frame(message)) && stream.writableLength > 8 * 1024 * 1024) break;
    }
    await sleep(500);
    // Flow control holds the rest back: the server has taken no more than it may keep.
    expect(stream.destroyed || stream.writableLength > 0).toBe(true);
    from.destroy();
  });

  test("of streams that are opened and never written to leave room for others", async () => {
    const from = await session();
    const streams = Array.from({ length: 1_500 }, () => open(from, RESERVE_STREAM));
    await sleep(300);
    for (const stream of streams) stream.resume();
    from.destroy();
  });
});
