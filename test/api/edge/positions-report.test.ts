/** ReportPositions at the edge: what is checked, in which parts it is compared, and which calls are no run. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type ClientWritableStream, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serviceDefinition } from "../../../src/api/service-definition.js";
import { refusal } from "../../../src/domain/refusal.js";
import {
  ErpService,
  type ReportPositionsRequest,
  ReportPositionsRequestSchema,
  type ReportPositionsResponse,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import type { PositionSchema } from "../../../src/gen/holdfast/v1/position_pb.js";
import { EDGE_LIMITS } from "../../../src/limits.js";
import { invalidField, refusalOf } from "../refusal-of.js";
import { EdgeHarness } from "./edge-harness.js";

type Init = Exclude<MessageInitShape<typeof ReportPositionsRequestSchema>, { $typeName: string }>;
type PositionInit = Exclude<MessageInitShape<typeof PositionSchema>, { $typeName: string }>;

let edge: EdgeHarness;

beforeEach(async () => {
  edge = await EdgeHarness.start({ streamsMax: 2 });
});

afterEach(() => edge.stop());

const position = (change: PositionInit = {}): PositionInit => ({
  warehouseId: "W1",
  sku: "A",
  onHand: -7n,
  unavailable: 2n,
  asOfSequence: 9n,
  ...change,
});

const many = (count: number): PositionInit[] =>
  Array.from({ length: count }, (_, index) => position({ sku: `S${index}` }));

/** One call; the answer is awaited by whoever wants it. */
function open() {
  const method = serviceDefinition(ErpService).reportPositions!;
  let call!: ClientWritableStream<ReportPositionsRequest>;
  const answer = new Promise<ReportPositionsResponse>((resolve, reject) => {
    call = edge.client.makeClientStreamRequest(
      method.path,
      method.requestSerialize as (request: ReportPositionsRequest) => Buffer,
      method.responseDeserialize as unknown as (bytes: Buffer) => ReportPositionsResponse,
      (error: ServiceError | null, value?: ReportPositionsResponse) =>
        error === null ? resolve(value!) : reject(error),
    );
  });
  answer.catch(() => {});
  const tell = (change: Init) =>
    call.write(create(ReportPositionsRequestSchema, { source: "erp", runId: "r", ...change } as Init));
  return { call, answer, tell };
}

/** All messages of a call, half-closed. */
function report(...messages: readonly Init[]): Promise<ReportPositionsResponse> {
  const { call, answer, tell } = open();
  for (const message of messages) tell(message);
  call.end();
  return answer;
}

describe("a report", () => {
  test("is one run, compared in bounded parts in the order in which it was told", async () => {
    const answer = await report(
      { full: true, positions: many(600) },
      { full: true, positions: [position()], last: true },
    );
    expect(answer).toMatchObject({ runId: "r", compared: 601n });
    const [run] = edge.ports.runs;
    expect(run!.head).toEqual({ source: "erp", runId: "r", full: true });
    expect(run!.parts.map(({ length }) => length)).toEqual([...Array.from({ length: 9 }, () => 64), 24, 1]);
    expect(run!.parts.flat().map(({ sku }) => sku)).toEqual([...many(600).map(({ sku }) => sku), "A"]);
    expect(run!.parts.at(-1)).toEqual([{ warehouseId: "W1", sku: "A", onHand: -7, unavailable: 2, asOfSequence: 9 }]);
    expect(run!.isAbandoned).toBe(false);
  });

  test("of nothing is a run, too", async () => {
    expect(await report({ last: true })).toMatchObject({ compared: 0n });
    expect(edge.ports.runs).toMatchObject([{ isFinished: true, isAbandoned: false }]);
  });

  test("is read only as it is compared", async () => {
    const settles: (() => void)[] = [];
    edge.ports.onPart = (settle) => settles.push(settle);
    const { call, answer, tell } = open();
    for (let index = 0; index < 50; index++) tell({ positions: many(10) });
    tell({ last: true });
    call.end();
    await edge.untilAtRest(() => edge.ports.runs.length);
    expect(edge.ports.runs[0]!.parts).toHaveLength(1);
    edge.ports.onPart = (settle) => settle();
    settles[0]!();
    expect(await answer).toMatchObject({ compared: 500n });
  });
});

describe("no run, and nothing is left of it", () => {
  test("is a call that ends without last", async () => {
    expect(await refusalOf(report({ positions: [position()] }))).toEqual(invalidField("last"));
    expect(edge.ports.runs).toMatchObject([{ isFinished: false, isAbandoned: true }]);
    expect(await refusalOf(report())).toEqual(invalidField("last"));
    expect(edge.ports.runs).toHaveLength(1);
  });

  test("is a call that is cancelled before its last message", async () => {
    const { call, tell } = open();
    tell({ positions: [position()] });
    await edge.until(() => edge.ports.runs.length === 1);
    call.cancel();
    await edge.until(() => edge.ports.runs[0]!.isAbandoned);
  });

  test("is a call with a bad message after good ones", async () => {
    const bad = report({ positions: [position()] }, { positions: [position({ sku: "" })], last: true });
    expect(await refusalOf(bad)).toEqual(invalidField("positions[0].sku"));
    expect(edge.ports.runs).toMatchObject([{ isFinished: false, isAbandoned: true }]);
  });

  test("is a run that cannot be ended", async () => {
    edge.ports.runEnd = { kind: "refused", refusal: refusal("OVERLOADED", "full") };
    expect(await refusalOf(report({ last: true }))).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    edge.ports.runEnd = { kind: "failed", cause: new Error("a bug") };
    expect(await refusalOf(report({ last: true }))).toMatchObject({ code: "INTERNAL" });
    expect(edge.ports.runs).toMatchObject([{ isAbandoned: true }, { isAbandoned: true }]);
    expect(edge.logged).toHaveLength(1);
  });
});

test("a caller who leaves after the last message does not break off what he told", async () => {
  let settle = () => {};
  const { call, answer, tell } = open();
  edge.ports.onPart = (settled) => {
    settle = settled;
  };
  tell({ last: true });
  await edge.until(() => edge.ports.runs[0]?.parts.length === 1 || edge.ports.runs[0]?.isFinished === true);
  edge.ports.onPart = (settled) => {
    settle = settled;
  };
  call.cancel();
  await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
  await edge.untilAtRest(() => edge.ports.runs.length);
  settle();
  expect(edge.ports.runs).toMatchObject([{ isFinished: true, isAbandoned: false }]);
});

describe("a message is refused by the name of its field", () => {
  const names = "x".repeat(600);
  test.each<[string, Init]>([
    ["source", { source: "" }],
    ["source", { source: names }],
    ["run_id", { runId: "" }],
    ["run_id", { runId: names }],
    ["positions[1].warehouse_id", { positions: [position(), position({ warehouseId: "" })] }],
    ["positions[0].sku", { positions: [position({ sku: "a\n" })] }],
    ["positions[0].on_hand", { positions: [position({ onHand: 2n ** 53n })] }],
    ["positions[0].on_hand", { positions: [position({ onHand: -(2n ** 53n) })] }],
    ["positions[0].unavailable", { positions: [position({ unavailable: -1n })] }],
    ["positions[0].as_of_sequence", { positions: [position({ asOfSequence: -1n })] }],
    ["positions[0].as_of_sequence", { positions: [position({ asOfSequence: 2n ** 53n })] }],
  ])("%s", async (field, change) => {
    expect(await refusalOf(report({ ...change, last: true }))).toEqual(invalidField(field));
    expect(edge.ports.runs).toEqual([]);
  });

  test("positions, where there are too many", async () => {
    const tooMany = report({ positions: many(EDGE_LIMITS.elementsMax + 1), last: true });
    expect(await refusalOf(tooMany)).toMatchObject({ code: "INVALID_ARGUMENT", fields: ["positions"] });
    expect(await report({ positions: many(EDGE_LIMITS.elementsMax), last: true })).toMatchObject({ compared: 10_000n });
  });

  test.each<[string, Init]>([
    ["source", { source: "wms" }],
    ["run_id", { runId: "other" }],
    ["full", { full: true }],
  ])("%s, where it is not that of the first message", async (field, change) => {
    const changed = report({ positions: [position()] }, { ...change, last: true });
    expect(await refusalOf(changed)).toEqual(invalidField(field));
  });
});
