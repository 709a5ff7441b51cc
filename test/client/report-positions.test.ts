import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { HoldfastClient, type PositionInput } from "../../src/client/index.js";
import type { ReportPositionsRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { refused, type StreamScript, startScriptedServer } from "./scripted-server.js";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function connect(script: StreamScript): Promise<HoldfastClient> {
  const server = await startScriptedServer({ reportPositions: script });
  const client = new HoldfastClient(server.address);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  return client;
}

function batchOf(first: number, count: number): PositionInput[] {
  return Array.from({ length: count }, (_, index) => ({
    warehouseId: "w",
    sku: `SKU-${first + index}`,
    onHand: first + index,
    asOfSequence: 9,
  }));
}

function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

describe("a report of positions", () => {
  test("sends every batch in order, cuts large ones, and closes with `last`", async () => {
    const messages: ReportPositionsRequest[] = [];
    const client = await connect((call, answer) => {
      call.on("data", (message: ReportPositionsRequest) => messages.push(message));
      call.on("end", () => answer(null, { runId: "r", compared: 6_004n, healed: 1n }));
    });
    async function* batches(): AsyncGenerator<PositionInput[]> {
      yield batchOf(0, 6_000);
      yield [];
      yield batchOf(6_000, 4);
    }
    const answer = await client.reportPositions({ source: "s", runId: "r", full: true, batches: batches() });
    expect(answer).toMatchObject({ runId: "r", compared: 6_004n, healed: 1n });
    expect(messages.map(({ positions, last }) => [positions.length, last])).toEqual([
      [2_500, false],
      [2_500, false],
      [1_000, false],
      [4, false],
      [0, true],
    ]);
    const told = messages.flatMap(({ positions }) => positions.map(({ onHand }) => Number(onHand)));
    expect(told).toEqual(Array.from({ length: 6_004 }, (_, index) => index));
    for (const { source, runId, full } of messages) expect([source, runId, full]).toEqual(["s", "r", true]);
  });

  test("takes no more batches than the connection has room for", async () => {
    let taken = 0;
    const client = await connect(() => {});
    const stop = new AbortController();
    function* endless(): Generator<PositionInput[]> {
      for (;;) {
        taken += 1;
        // The server reads nothing: without backpressure this would go on for ever.
        if (taken === 10_000) throw new Error("no backpressure");
        yield batchOf(0, 500);
      }
    }
    const report = client.reportPositions(
      { source: "s", runId: "r", batches: endless() },
      { signal: stop.signal, deadlineMs: 300 },
    );
    await expect(report).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(taken).toBeGreaterThan(1);
  });

  test("is cancelled, and not told complete, when the caller's batches throw", async () => {
    let isComplete = false;
    const arrived = signal();
    const cancelled = signal();
    const client = await connect((call) => {
      call.on("data", (message: ReportPositionsRequest) => {
        isComplete ||= message.last;
        arrived.give();
      });
      call.on("cancelled", cancelled.give);
    });
    async function* broken(): AsyncGenerator<PositionInput[]> {
      yield batchOf(0, 1);
      await arrived.given;
      throw new Error("the ERP does not answer");
    }
    const report = client.reportPositions({ source: "s", runId: "r", batches: broken() });
    await expect(report).rejects.toThrow("the ERP does not answer");
    await cancelled.given;
    expect(isComplete).toBe(false);
  });

  test("rejects with the server's refusal, and when its signal aborts", async () => {
    const client = await connect((_, answer) =>
      answer(refused({ code: status.INVALID_ARGUMENT, message: "no", reason: "INVALID_FIELD", fields: ["run_id"] })),
    );
    const report = { source: "s", runId: "", batches: [] };
    await expect(client.reportPositions(report)).rejects.toMatchObject({ reason: "INVALID_FIELD" });
    await expect(client.reportPositions(report, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: status.CANCELLED,
    });
  });
});
