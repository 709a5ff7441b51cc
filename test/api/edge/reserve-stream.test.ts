/** ReserveStream: answers in the order of the requests, errors in their place, and bounds for callers that do not read. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ServiceError, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { refusal } from "../../../src/domain/refusal.js";
import {
  ReservationService,
  type ReserveStreamRequest,
  ReserveStreamRequestSchema,
  type ReserveStreamResponse,
  ReserveStreamResponseSchema,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { detailsOf, detailsOfStatus, refusalOf, refusal as seenRefusal } from "../refusal-of.js";
import { type DuplexRun, EdgeHarness, reserveRequest } from "./edge-harness.js";
import { sampleLine, sampleReserved } from "./sample-answers.js";
import type { TakenCommand } from "./scripted-ports.js";
import { UnreadStream } from "./unread-stream.js";

type Run = DuplexRun<ReserveStreamRequest, ReserveStreamResponse>;

let edge: EdgeHarness;

afterEach(() => edge.stop());

function message(reserve: MessageInitShape<typeof ReserveStreamRequestSchema>["reserve"]): ReserveStreamRequest {
  return create(ReserveStreamRequestSchema, reserve === undefined ? {} : { reserve });
}

const sendAll = (run: Run, ids: readonly string[]) => {
  for (const id of ids) run.send(message(reserveRequest(id)));
};

const names = (count: number) => Array.from({ length: count }, (_, index) => `R${index}`);
const idsOf = (answers: readonly ReserveStreamResponse[]) => answers.map((answer) => answer.requestId);

function takenId({ command }: TakenCommand): string {
  return "requestId" in command ? command.requestId : "";
}

/** What each answer is: granted, or the reason of its error. */
function resultsOf(answers: readonly ReserveStreamResponse[]): string[] {
  return answers.map(({ result }) => {
    if (result.case === "response") return "granted";
    return result.case === "error" ? detailsOfStatus(result.value).infos.join() : "nothing";
  });
}

describe("answers come in the order of the requests", () => {
  test("in whatever order they settle, and however", async () => {
    edge = await EdgeHarness.start();
    const { ports } = edge;
    const ways = fc.constantFrom("answer", "refuse", "fail");
    await fc.assert(
      fc.asyncProperty(fc.array(ways, { minLength: 1, maxLength: 40 }), fc.gen(), async (kinds, gen) => {
        ports.taken.length = 0;
        const run = edge.reserveStream().read();
        sendAll(run, names(kinds.length));
        run.stream.end();
        await edge.until(() => ports.taken.length === kinds.length);
        const order = gen(
          fc.shuffledSubarray,
          names(kinds.length).map((_, index) => index),
          { minLength: kinds.length },
        );
        for (const index of order) {
          const taken = ports.taken[index]!;
          if (kinds[index] === "answer") taken.answer(sampleReserved());
          else if (kinds[index] === "refuse") taken.refuse(refusal("DEALER_NOT_FOUND", "No."));
          else taken.fail(new Error("hidden"));
        }
        expect(await run.ended).toBeUndefined();
        expect(idsOf(run.answers)).toEqual(names(kinds.length));
        const shown = { answer: "granted", refuse: "holdfast/DEALER_NOT_FOUND", fail: "holdfast/INTERNAL" };
        expect(resultsOf(run.answers)).toEqual(kinds.map((kind) => shown[kind as keyof typeof shown]));
      }),
      { numRuns: 60 },
    );
    expect(edge.logged.length).toBeGreaterThan(0);
  });

  test("as soon as all before them are settled, not later", async () => {
    edge = await EdgeHarness.start();
    const run = edge.reserveStream().read();
    sendAll(run, names(3));
    await edge.until(() => edge.ports.taken.length === 3);
    edge.ports.taken[1]!.answer(sampleReserved());
    await edge.untilAtRest(() => run.answers.length);
    expect(idsOf(run.answers)).toEqual([]);
    edge.ports.taken[0]!.answer(sampleReserved());
    await edge.until(() => run.answers.length === 2);
    expect(idsOf(run.answers)).toEqual(["R0", "R1"]);
  });

  test("also after the half-close, and then the stream ends", async () => {
    edge = await EdgeHarness.start();
    const run = edge.reserveStream().read();
    sendAll(run, names(5));
    run.stream.end();
    await edge.until(() => edge.ports.taken.length === 5);
    await edge.untilAtRest(() => run.answers.length);
    for (const taken of [...edge.ports.taken].reverse()) taken.answer(sampleReserved());
    expect(await run.ended).toBeUndefined();
    expect(idsOf(run.answers)).toEqual(names(5));
  });

  test("and an empty stream ends when its caller does", async () => {
    edge = await EdgeHarness.start();
    const run = edge.reserveStream().read();
    run.stream.end();
    expect(await run.ended).toBeUndefined();
  });
});

describe("a malformed request", () => {
  test("is answered in its place with all that is wrong, reaches no command, and the stream goes on", async () => {
    edge = await EdgeHarness.start();
    edge.ports.onCommand = (taken) => taken.answer(sampleReserved());
    const run = edge.reserveStream().read();
    run.send(message(reserveRequest("good")));
    run.send(message(reserveRequest("bad", { dealerId: "", lines: [{ sku: "A", quantity: 0n }] })));
    run.send(message(reserveRequest("line\nfeed")));
    run.send(message(undefined));
    run.send(message(reserveRequest("last")));
    run.stream.end();
    expect(await run.ended).toBeUndefined();
    const errors = run.answers.flatMap(({ result }) => (result.case === "error" ? detailsOfStatus(result.value) : []));
    expect(idsOf(run.answers)).toEqual(["good", "bad", "line\nfeed", "", "last"]);
    expect(errors.map(({ code, infos, fields }) => ({ code, infos, fields }))).toEqual(
      [["dealer_id", "lines[0].quantity"], ["request_id"], ["reserve"]].map((fields) => {
        return { code: "INVALID_ARGUMENT", infos: ["holdfast/INVALID_FIELD"], fields };
      }),
    );
    expect(edge.ports.taken.map(takenId)).toEqual(["good", "last"]);
  });

  test("does not overtake what came before it", async () => {
    edge = await EdgeHarness.start();
    const run = edge.reserveStream().read();
    sendAll(run, ["good", "", "after"]);
    await edge.until(() => edge.ports.taken.length === 2);
    await edge.untilAtRest(() => run.answers.length);
    expect(run.answers).toEqual([]);
    for (const taken of edge.ports.taken) taken.answer(sampleReserved());
    await edge.until(() => run.answers.length === 3);
    expect(resultsOf(run.answers)).toEqual(["granted", "holdfast/INVALID_FIELD", "granted"]);
  });
});

describe("a stream takes a bounded number at once", () => {
  test("while nothing settles, and goes on with each that does", async () => {
    edge = await EdgeHarness.start({ streamInFlightMax: 10 });
    const { ports } = edge;
    const run = edge.reserveStream().read();
    sendAll(run, names(100));
    await edge.untilAtRest(() => ports.taken.length);
    expect(ports.taken.length).toBe(10);
    for (let index = 0; index < 100; index++) {
      ports.taken[index]!.answer(sampleReserved());
      await edge.until(() => ports.taken.length >= Math.min(100, 11 + index));
      expect(ports.taken.length).toBeLessThanOrEqual(11 + index);
    }
    run.stream.end();
    expect(await run.ended).toBeUndefined();
    expect(idsOf(run.answers)).toEqual(names(100));
  });

  test("counted by lines as well", async () => {
    edge = await EdgeHarness.start({ streamCostMax: 1_000 });
    const lines = Array.from({ length: 100 }, () => ({ sku: "A", quantity: 1n }));
    const run = edge.reserveStream().read();
    for (const id of names(50)) run.send(message(reserveRequest(id, { lines })));
    await edge.untilAtRest(() => edge.ports.taken.length);
    expect(edge.ports.taken.length).toBe(10);
    edge.ports.onCommand = (taken) => taken.answer(sampleReserved());
    for (const taken of edge.ports.taken.slice(0, 10)) taken.answer(sampleReserved());
    await edge.until(() => run.answers.length === 50);
  });

  test("also when the first alone is above the bound", async () => {
    edge = await EdgeHarness.start({ streamCostMax: 1 });
    edge.ports.onCommand = (taken) => taken.answer(sampleReserved());
    const run = edge.reserveStream().read();
    sendAll(run, names(20));
    run.stream.end();
    expect(await run.ended).toBeUndefined();
    expect(run.answers.length).toBe(20);
  });
});

describe("a caller that never reads", () => {
  /** Answers of 50 lines are above 1 kB, so a window of 64 KiB holds about fifty. */
  const long = sampleReserved({ lines: Array.from({ length: 50 }, (_, index) => sampleLine({ sku: `SKU-${index}` })) });
  const SENT = 5_000;
  const PATH = "/holdfast.v1.ReservationService/ReserveStream";
  const bytesOf = (request: ReserveStreamRequest) => toBinary(ReserveStreamRequestSchema, request);

  async function idsRead(silent: UnreadStream): Promise<string[]> {
    const answers = await silent.readAll();
    return idsOf(answers.map((bytes) => fromBinary(ReserveStreamResponseSchema, bytes)));
  }

  async function sendUnread(): Promise<UnreadStream> {
    edge.ports.onCommand = (taken) => taken.answer(long);
    const silent = new UnreadStream(edge.address, PATH);
    for (const id of names(SENT)) silent.send(bytesOf(message(reserveRequest(id))));
    await edge.until(() => edge.ports.taken.length > 0);
    await edge.untilAtRest(() => edge.ports.taken.length);
    return silent;
  }

  test("is not read from after a bounded number, and gets every answer once it does read", async () => {
    edge = await EdgeHarness.start({ streamInFlightMax: 64, streamUnsentMax: 32 });
    const silent = await sendUnread();
    // What the window holds, what we hold for it, and the messages that arrived in one piece with the last one taken.
    expect(edge.ports.taken.length).toBeGreaterThan(64);
    expect(edge.ports.taken.length).toBeLessThan(400);
    expect(await idsRead(silent)).toEqual(names(SENT));
    silent.close();
  });

  test("has its unread answers bounded by their lines as well", async () => {
    edge = await EdgeHarness.start({ streamCostMax: 100 });
    const lines = Array.from({ length: 50 }, (_, index) => ({ sku: `SKU-${index}`, quantity: 1n }));
    edge.ports.onCommand = (taken) => taken.answer(long);
    const silent = new UnreadStream(edge.address, PATH);
    for (const id of names(1_000)) silent.send(bytesOf(message(reserveRequest(id, { lines }))));
    await edge.until(() => edge.ports.taken.length > 0);
    await edge.untilAtRest(() => edge.ports.taken.length);
    expect(edge.ports.taken.length).toBeLessThan(200);
    expect(await idsRead(silent)).toEqual(names(1_000));
    silent.close();
  });

  test("harms nobody else", async () => {
    edge = await EdgeHarness.start();
    const silent = await sendUnread();
    expect(edge.ports.taken.length).toBeLessThan(SENT / 2);
    const other = edge.reserveStream().read();
    sendAll(other, names(1_000));
    other.stream.end();
    expect(await other.ended).toBeUndefined();
    expect(idsOf(other.answers)).toEqual(names(1_000));
    expect(await edge.call(ReservationService, "reserve", reserveRequest("R"))).toMatchObject({ outcome: 1 });
    silent.close();
  });
});

describe("a stream that its caller cancels", () => {
  test("takes no more, and what it had taken settles without harm", async () => {
    edge = await EdgeHarness.start();
    const { ports } = edge;
    const run = edge.reserveStream().read();
    sendAll(run, names(20));
    await edge.until(() => ports.taken.length === 20);
    run.stream.cancel();
    expect((await run.ended)?.code).toBe(status.CANCELLED);
    await edge.untilAtRest(() => ports.taken.length);
    for (const taken of ports.taken) taken.answer(sampleReserved());
    ports.taken[0]!.fail(new Error("late"));
    ports.onCommand = (taken) => taken.answer(sampleReserved());
    expect(await edge.call(ReservationService, "reserve", reserveRequest("R"))).toMatchObject({ outcome: 1 });
    expect(run.answers).toEqual([]);
  });

  test("gives its place back", async () => {
    edge = await EdgeHarness.start({ streamsMax: 1 });
    for (let turn = 0; turn < 5; turn++) {
      const run = edge.reserveStream().read();
      sendAll(run, ["R"]);
      await edge.until(() => edge.ports.taken.length === turn + 1);
      if (turn % 2 === 0) run.stream.cancel();
      else {
        edge.ports.taken[turn]!.answer(sampleReserved());
        run.stream.end();
      }
      await run.ended;
      await edge.untilAtRest(() => 0);
    }
  });
});

describe("a stream ends at once with a status", () => {
  test("when there are too many already, and is let in when one has ended", async () => {
    edge = await EdgeHarness.start({ streamsMax: 2 });
    edge.ports.onCommand = (taken) => taken.answer(sampleReserved());
    const open = [edge.reserveStream().read(), edge.reserveStream().read()];
    for (const run of open) sendAll(run, ["R"]);
    await edge.until(() => open.every((run) => run.answers.length === 1));
    const third = edge.reserveStream().read();
    expect(await detailsOf(rejectedEnd(third))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      infos: ["holdfast/OVERLOADED"],
      retryAfterMs: expect.any(Number),
    });
    open[0]!.stream.end();
    expect(await open[0]!.ended).toBeUndefined();
    const fourth = edge.reserveStream().read();
    sendAll(fourth, ["R"]);
    await edge.until(() => fourth.answers.length === 1);
  });

  test("when the engine throws, after the answers before it, with the cause in the log only", async () => {
    edge = await EdgeHarness.start();
    const cause = new Error("hidden");
    edge.ports.onCommand = (taken) => {
      if (takenId(taken) === "R2") throw cause;
    };
    const run = edge.reserveStream().read();
    sendAll(run, names(5));
    await edge.until(() => edge.ports.taken.length === 3);
    await edge.untilAtRest(() => edge.ports.taken.length);
    edge.ports.taken[1]!.answer(sampleReserved());
    edge.ports.taken[0]!.answer(sampleReserved());
    expect(await refusalOf(rejectedEnd(run))).toEqual(seenRefusal("INTERNAL", "INTERNAL"));
    expect(idsOf(run.answers)).toEqual(["R0", "R1"]);
    expect(edge.ports.taken.length).toBe(3);
    expect(edge.logged.map(({ fields }) => fields.err)).toEqual([cause]);
  });
});

/** As a promise that a refused call is: rejected with what the stream ended with. */
async function rejectedEnd(run: Run): Promise<void> {
  const error: ServiceError | undefined = await run.ended;
  if (error !== undefined) throw error;
}
