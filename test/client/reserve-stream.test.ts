import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { HoldfastClient, type ReserveStream, type ReserveStreamOptions } from "../../src/client/index.js";
import type { ReserveStreamRequest } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { refusalStatus, refused, startScriptedServer } from "./scripted-server.js";

type ServerCall = ServerDuplexStream<ReserveStreamRequest, unknown>;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function openStream(script: (call: ServerCall) => void, options?: ReserveStreamOptions): Promise<ReserveStream> {
  const server = await startScriptedServer({ reserveStream: script });
  const client = new HoldfastClient(server.address);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  return client.openReserveStream(options);
}

/** A request whose order_id is its number; the scripted answers carry it back. */
function order(number: number): { requestId: string; dealerId: string; orderId: string } {
  return { requestId: `r${number}`, dealerId: "d1", orderId: String(number) };
}

function answerTo(request: ReserveStreamRequest): object {
  const orderId = request.reserve?.orderId ?? "";
  const response = { outcome: 1, reservation: { reservationId: `for-${orderId}` } };
  return { requestId: request.reserve?.requestId ?? "", result: { case: "response", value: response } };
}

function answerAll(call: ServerCall): void {
  call.on("data", (request: ReserveStreamRequest) => call.write(answerTo(request)));
  call.on("end", () => call.end());
}

async function codesOf(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((outcome) => (outcome.status === "rejected" ? outcome.reason.code : "answered"));
}

describe("a reserve stream", () => {
  test("settles each promise with the answer to its own request, in order, and ends", async () => {
    const stream = await openStream(answerAll);
    const settled: string[] = [];
    const promises = Array.from({ length: 1_000 }, async (_, number) => {
      const { reservation } = await stream.reserve(order(number));
      settled.push(reservation?.reservationId ?? "");
    });
    await stream.end();
    await Promise.all(promises);
    expect(settled).toEqual(Array.from({ length: 1_000 }, (_, number) => `for-${number}`));
  });

  test("makes a request_id where there is none", async () => {
    const seen: string[] = [];
    const stream = await openStream((call) => {
      call.on("data", (request: ReserveStreamRequest) => seen.push(request.reserve?.requestId ?? ""));
      answerAll(call);
    });
    await Promise.all([stream.reserve({ dealerId: "d1" }), stream.reserve({ dealerId: "d1" })]);
    expect(new Set(seen).size).toBe(2);
    expect(seen).not.toContain("");
  });

  test("never has more than inFlightMax requests unanswered, and reaches that many", async () => {
    let unanswered = 0;
    let unansweredMost = 0;
    const stream = await openStream(
      (call) => {
        const held: ReserveStreamRequest[] = [];
        call.on("data", (request: ReserveStreamRequest) => {
          held.push(request);
          unanswered += 1;
          unansweredMost = Math.max(unansweredMost, unanswered);
          // Only a full window is answered: a client that sent fewer would wait for ever.
          if (held.length < 8) return;
          for (const each of held.splice(0)) {
            unanswered -= 1;
            call.write(answerTo(each));
          }
        });
        call.on("end", () => call.end());
      },
      { inFlightMax: 8 },
    );
    await Promise.all(Array.from({ length: 80 }, (_, number) => stream.reserve(order(number))));
    await stream.end();
    expect(unansweredMost).toBe(8);
  });

  test("rejects the one request that is refused, and goes on", async () => {
    const stream = await openStream((call) => {
      call.on("data", (request: ReserveStreamRequest) => {
        if (request.reserve?.orderId !== "1") return call.write(answerTo(request));
        const value = refusalStatus({ code: status.NOT_FOUND, message: "no", reason: "SKU_NOT_FOUND" });
        return call.write({ requestId: request.reserve.requestId, result: { case: "error", value } });
      });
      call.on("end", () => call.end());
    });
    const promises = [stream.reserve(order(0)), stream.reserve(order(1)), stream.reserve(order(2))];
    expect(await codesOf(promises)).toEqual(["answered", status.NOT_FOUND, "answered"]);
    await expect(promises[1]).rejects.toMatchObject({ reason: "SKU_NOT_FOUND", requestId: "r1" });
    await stream.end();
  });

  test("rejects everything unanswered, sent or not, when the stream breaks, each with its request_id", async () => {
    const stream = await openStream(
      (call) => {
        call.once("data", (request: ReserveStreamRequest) => {
          call.write(answerTo(request));
          call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" }));
        });
      },
      { inFlightMax: 2 },
    );
    const promises = Array.from({ length: 5 }, (_, number) => stream.reserve(order(number)));
    expect(await codesOf(promises)).toEqual(["answered", ...Array(4).fill(status.UNAVAILABLE)]);
    await expect(promises[4]).rejects.toMatchObject({ requestId: "r4", reason: "SHUTTING_DOWN" });
    await expect(stream.end()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(stream.reserve(order(9))).rejects.toMatchObject({ code: status.UNAVAILABLE, requestId: "r9" });
  });

  test("rejects with UNAVAILABLE when the server ends in good order but early", async () => {
    const stream = await openStream((call) => call.once("data", () => call.end()));
    expect(await codesOf([stream.reserve(order(0)), stream.reserve(order(1))])).toEqual([
      status.UNAVAILABLE,
      status.UNAVAILABLE,
    ]);
  });

  test("gives up a server that answers the wrong request", async () => {
    const stream = await openStream((call) => {
      call.on("data", (request: ReserveStreamRequest) => call.write({ ...answerTo(request), requestId: "other" }));
    });
    expect(await codesOf([stream.reserve(order(0)), stream.reserve(order(1))])).toEqual([
      status.INTERNAL,
      status.INTERNAL,
    ]);
  });

  test("gives up a server that falls silent", async () => {
    const stream = await openStream(() => {}, { answerTimeoutMs: 30 });
    expect(await codesOf([stream.reserve(order(0)), stream.reserve(order(1))])).toEqual([
      status.DEADLINE_EXCEEDED,
      status.DEADLINE_EXCEEDED,
    ]);
  });

  test("rejects what is unanswered with CANCELLED when it is cancelled", async () => {
    const stream = await openStream(() => {});
    const promise = stream.reserve(order(0));
    stream.cancel();
    await expect(promise).rejects.toMatchObject({ code: status.CANCELLED, requestId: "r0" });
  });

  test("takes nothing more once it is being ended", async () => {
    const stream = await openStream(answerAll);
    const first = stream.reserve(order(0));
    const ended = stream.end();
    await expect(stream.reserve(order(1))).rejects.toMatchObject({ code: status.CANCELLED });
    await first;
    await ended;
  });
});
