import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { Disposition, type EventInput, HoldfastClient } from "../../src/client/index.js";
import type { StreamEventsRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { refused, startScriptedServer } from "./scripted-server.js";

type ServerCall = ServerDuplexStream<StreamEventsRequest, unknown>;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function connect(script: (call: ServerCall) => void): Promise<HoldfastClient> {
  const server = await startScriptedServer({ streamEvents: script });
  const client = new HoldfastClient(server.address);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  return client;
}

function received(sequence: number): EventInput {
  const body = { warehouseId: "w1", sku: "A", quantity: 5 };
  return { source: "s", sequence, eventId: `e${sequence}`, body: { case: "stockReceived", value: body } };
}

function* events(count: number): Generator<EventInput> {
  for (let sequence = 1; sequence <= count; sequence++) yield received(sequence);
}

function answerTo(request: StreamEventsRequest): object {
  return { source: "s", sequence: request.event?.sequence ?? 0n, disposition: Disposition.APPLIED };
}

function answerAll(call: ServerCall): void {
  call.on("data", (request: StreamEventsRequest) => call.write(answerTo(request)));
  call.on("end", () => call.end());
}

function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

async function sequencesOf(answers: AsyncIterable<{ sequence: bigint }>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { sequence } of answers) seen.push(Number(sequence));
  return seen;
}

describe("an event stream", () => {
  test("yields one answer for each event, in order, numbers sent as int64", async () => {
    let first: StreamEventsRequest | undefined;
    const client = await connect((call) => {
      call.once("data", (request: StreamEventsRequest) => {
        first = request;
      });
      answerAll(call);
    });
    const seen = await sequencesOf(client.streamEvents(events(2_000)));
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
    expect(first?.event?.body).toMatchObject({ case: "stockReceived", value: { quantity: 5n } });
  });

  test("hands a request for positions to its handler, and counts it as no answer", async () => {
    const client = await connect((call) => {
      call.on("data", (request: StreamEventsRequest) => {
        call.write({ positionsRequest: { runId: `run-${request.event?.sequence}`, full: true } });
        call.write(answerTo(request));
      });
      call.on("end", () => call.end());
    });
    const asked: string[] = [];
    const onPositionsRequest = ({ runId }: { runId: string }) => asked.push(runId);
    // With one event in flight, a request counted as an answer would let the stream end early.
    const answers = client.streamEvents(events(3), { inFlightMax: 1, onPositionsRequest });
    expect(await sequencesOf(answers)).toEqual([1, 2, 3]);
    expect(asked).toEqual(["run-1", "run-2", "run-3"]);
    expect(await sequencesOf(client.streamEvents(events(2)))).toEqual([1, 2]);
  });

  test("never has more than inFlightMax events unanswered, and reaches that many", async () => {
    let unanswered = 0;
    let unansweredMost = 0;
    const client = await connect((call) => {
      const held: StreamEventsRequest[] = [];
      call.on("data", (request: StreamEventsRequest) => {
        held.push(request);
        unanswered += 1;
        unansweredMost = Math.max(unansweredMost, unanswered);
        // Only a full window is answered: a client that sent fewer would wait for ever.
        if (held.length < 4) return;
        for (const each of held.splice(0)) {
          unanswered -= 1;
          call.write(answerTo(each));
        }
      });
      call.on("end", () => call.end());
    });
    expect(await sequencesOf(client.streamEvents(events(100), { inFlightMax: 4 }))).toHaveLength(100);
    expect(unansweredMost).toBe(4);
  });

  test("throws a HoldfastError, after the answers before it, when the server ends the stream", async () => {
    const metadata = { first: "2", last: "3" };
    const client = await connect((call) => {
      call.once("data", (request: StreamEventsRequest) => {
        call.write(answerTo(request));
        call.emit(
          "error",
          refused({ code: status.RESOURCE_EXHAUSTED, message: "gap", reason: "OVERLOADED", metadata }),
        );
      });
    });
    const seen: bigint[] = [];
    const read = async (): Promise<void> => {
      for await (const { sequence } of client.streamEvents(events(50))) seen.push(sequence);
    };
    await expect(read()).rejects.toMatchObject({ reason: "OVERLOADED", metadata });
    expect(seen).toEqual([1n]);
  });

  test("does not wait for the caller's next event when the server ends the stream", async () => {
    let returned = false;
    const endless: AsyncIterable<EventInput> = {
      [Symbol.asyncIterator]: () => {
        let sent = false;
        return {
          next: () => {
            if (sent) return new Promise(() => {});
            sent = true;
            return Promise.resolve({ done: false, value: received(1) });
          },
          return: () => {
            returned = true;
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };
    const client = await connect((call) => {
      call.once("data", () =>
        call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" })),
      );
    });
    await expect(sequencesOf(client.streamEvents(endless))).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
    expect(returned).toBe(true);
  });

  test("throws when the server ends in good order but leaves events unanswered", async () => {
    const client = await connect((call) => call.once("data", () => call.end()));
    await expect(sequencesOf(client.streamEvents(events(3)))).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test("throws when an event goes unanswered for too long", async () => {
    const client = await connect(() => {});
    const answers = client.streamEvents(events(3), { answerTimeoutMs: 30 });
    await expect(sequencesOf(answers)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  test("cancels the stream and rethrows when the caller's events throw", async () => {
    const arrived = signal();
    const cancelled = signal();
    const client = await connect((call) => {
      call.once("data", arrived.give);
      call.on("cancelled", cancelled.give);
    });
    async function* broken(): AsyncGenerator<EventInput> {
      yield received(1);
      await arrived.given;
      throw new Error("no more");
    }
    await expect(sequencesOf(client.streamEvents(broken()))).rejects.toThrow("no more");
    await cancelled.given;
  });

  test("cancels the stream when the caller stops reading", async () => {
    const cancelled = signal();
    const client = await connect((call) => {
      call.on("cancelled", cancelled.give);
      answerAll(call);
    });
    for await (const _ of client.streamEvents(events(1_000))) break;
    await cancelled.given;
  });
});
