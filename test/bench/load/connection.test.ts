import * as grpc from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection, type OutgoingMessage } from "../../../scripts/bench/load/connection.js";
import { StreamLoad } from "../../../scripts/bench/load/stream-load.js";
import { UnaryLoad } from "../../../scripts/bench/load/unary-load.js";

/** A server of raw bytes: `/test.Bytes/Echo` gives them back, `/test.Bytes/Fail` ends with a status. */
let server: grpc.Server;
let connection: Connection;
let port = 0;

beforeEach(async () => {
  const raw = (path: string, streamed: boolean): grpc.MethodDefinition<Buffer, Buffer> => ({
    path,
    requestStream: streamed,
    responseStream: streamed,
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes) => bytes,
    responseDeserialize: (bytes) => bytes,
  });
  const echo: grpc.handleUnaryCall<Buffer, Buffer> = (call, callback) => callback(null, call.request);
  const fail: grpc.handleUnaryCall<Buffer, Buffer> = (_call, callback) =>
    callback({ code: grpc.status.RESOURCE_EXHAUSTED, details: "the inbox is full" });
  const echoStream: grpc.handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on("data", (bytes: Buffer) => call.write(bytes));
    call.on("end", () => call.end());
  };
  server = new grpc.Server();
  server.addService(
    {
      echo: raw("/test.Bytes/Echo", false),
      fail: raw("/test.Bytes/Fail", false),
      echoStream: raw("/test.Bytes/EchoStream", true),
    },
    { echo, fail, echoStream },
  );
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  connection = await Connection.open(port);
});

afterEach(() => {
  connection.close();
  server.forceShutdown();
});

/** Messages of one size, each with its number in front. */
class NumberedMessage implements OutgoingMessage {
  written = 0;

  constructor(readonly byteLength: number) {}

  writeTo(target: Buffer, offset: number): void {
    target.fill(0x61, offset, offset + this.byteLength);
    target.writeUInt32BE(++this.written, offset);
  }
}

test("a load sends exactly as many calls as its limit, and each answer is the answer to its call", async () => {
  const request = new NumberedMessage(20);
  const answers: number[] = [];
  const onAnswer = (bytes: Buffer, start: number, end: number) => {
    expect(end - start).toBe(20);
    answers.push(bytes.readUInt32BE(start));
  };
  const exchange = { path: "/test.Bytes/Echo", request, onAnswer };
  const load = new UnaryLoad({ connections: [connection], inFlightPerConnection: 8, makeExchange: () => exchange });
  load.start(500);
  await load.finished();
  expect(load.answered).toBe(500);
  expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
});

test("a load that was stopped has nothing unanswered, and goes on when it is started again", async () => {
  const request = new NumberedMessage(20);
  const exchange = { path: "/test.Bytes/Echo", request, onAnswer: () => {} };
  const load = new UnaryLoad({ connections: [connection], inFlightPerConnection: 8, makeExchange: () => exchange });
  load.start();
  await load.stop();
  const answeredAtStop = load.answered;
  expect(answeredAtStop).toBe(request.written);
  expect(answeredAtStop).toBeGreaterThan(0);
  load.start(100);
  await load.finished();
  expect(load.answered).toBe(answeredAtStop + 100);
});

test("far more bytes than the server's windows hold arrive, unary and streamed", async () => {
  const request = new NumberedMessage(10_000);
  const unary = { path: "/test.Bytes/Echo", request, onAnswer: () => {} };
  const unaryLoad = new UnaryLoad({ connections: [connection], inFlightPerConnection: 50, makeExchange: () => unary });
  unaryLoad.start(200);
  await unaryLoad.finished();
  expect(unaryLoad.answered).toBe(200);

  const message = new NumberedMessage(10_000);
  const answers: number[] = [];
  const streamed = {
    path: "/test.Bytes/EchoStream",
    message,
    onAnswer: (bytes: Buffer, start: number) => {
      answers.push(bytes.readUInt32BE(start));
    },
  };
  const options = { connections: [connection], streamsPerConnection: 1, window: 50, makeExchange: () => streamed };
  const streamLoad = new StreamLoad(options);
  streamLoad.start(200);
  await streamLoad.finished();
  expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
});

test("a call that ends with another status than OK fails the load, with the status", async () => {
  const exchange = { path: "/test.Bytes/Fail", request: new NumberedMessage(20), onAnswer: () => {} };
  const load = new UnaryLoad({ connections: [connection], inFlightPerConnection: 1, makeExchange: () => exchange });
  load.start(1);
  await expect(load.finished()).rejects.toThrow("gRPC status 8: the inbox is full");
});

test("an answer that is not accepted fails the load", async () => {
  const onAnswer = () => {
    throw new Error("not granted");
  };
  const exchange = { path: "/test.Bytes/Echo", request: new NumberedMessage(20), onAnswer };
  const load = new UnaryLoad({ connections: [connection], inFlightPerConnection: 1, makeExchange: () => exchange });
  load.start(1);
  await expect(load.finished()).rejects.toThrow("not granted");
});

test("a server that goes away fails the load", async () => {
  const exchange = { path: "/test.Bytes/Echo", request: new NumberedMessage(20), onAnswer: () => {} };
  const load = new UnaryLoad({ connections: [connection], inFlightPerConnection: 1, makeExchange: () => exchange });
  load.start();
  server.forceShutdown();
  await expect(load.finished()).rejects.toThrow();
});

test("a port that nobody listens on cannot be opened", async () => {
  connection.close();
  server.forceShutdown();
  await expect(Connection.open(port)).rejects.toThrow("ECONNREFUSED");
});
