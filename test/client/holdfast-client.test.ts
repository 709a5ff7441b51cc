import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import {
  AvailabilityLevel,
  durationFromMs,
  everyPage,
  HoldfastClient,
  type HoldfastClientOptions,
  HoldfastError,
  ReservationState,
  ReserveOutcome,
  ReserveRequestSchema,
} from "../../src/client/index.js";
import { refused, type Script, type ScriptedServer, startScriptedServer } from "./scripted-server.js";

const ORDER = { dealerId: "d1", orderId: "o1", warehouseId: "w1", lines: [{ sku: "A", quantity: 3 }] };
const FAST_RETRY = { retry: { backoffMinMs: 1, backoffMaxMs: 1 } };

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function connect(
  script: Script,
  options: HoldfastClientOptions = FAST_RETRY,
): Promise<{ client: HoldfastClient; server: ScriptedServer }> {
  const server = await startScriptedServer(script);
  const client = new HoldfastClient(server.address, options);
  stops.push(
    () => client.close(),
    () => server.stop(),
  );
  return { client, server };
}

async function failureOf(promise: Promise<unknown>): Promise<HoldfastError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(HoldfastError);
  return outcome as HoldfastError;
}

describe("a unary call", () => {
  test("sends the plain object as a message, whole numbers as int64", async () => {
    const { client, server } = await connect({ reserve: () => ({ outcome: ReserveOutcome.RESERVED }) });
    const response = await client.reserve({ ...ORDER, requestId: "r1", holdDuration: durationFromMs(90_000) });
    expect(response.outcome).toBe(ReserveOutcome.RESERVED);
    const expected = create(ReserveRequestSchema, {
      requestId: "r1",
      dealerId: "d1",
      orderId: "o1",
      warehouseId: "w1",
      lines: [{ sku: "A", quantity: 3n }],
      holdDuration: durationFromMs(90_000),
    });
    expect(server.requests.get("reserve")).toEqual([expected]);
  });

  test("makes a request_id for every mutating request that has none, a new one each time, and leaves the input alone", async () => {
    const { client, server } = await connect({ reserve: () => ({}), commit: () => ({}), release: () => ({}) });
    const request = create(ReserveRequestSchema, { dealerId: "d1" });
    await client.reserve(request);
    await client.reserve(request);
    await client.commit({ dealerId: "d1", reservationId: "x" });
    await client.release({ dealerId: "d1", reservationId: "x" });
    const sent = [...server.requests.values()].flat().map(({ requestId }) => requestId);
    expect(sent).toHaveLength(4);
    expect(new Set(sent).size).toBe(4);
    for (const requestId of sent) expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(request.requestId).toBe("");
  });

  test.each([1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses the quantity %d with its field before anything is sent",
    async (quantity) => {
      const { client, server } = await connect({ reserve: () => ({}) });
      const failure = await failureOf(
        client.reserve({
          ...ORDER,
          lines: [
            { sku: "A", quantity: 1 },
            { sku: "B", quantity },
          ],
        }),
      );
      expect(failure.code).toBe(status.INVALID_ARGUMENT);
      expect(failure.fieldViolations.map(({ field }) => field)).toEqual(["lines[1].quantity"]);
      expect(server.requests.size).toBe(0);
    },
  );

  test("turns a refusal into a HoldfastError with reason, metadata, fields, delay and request_id", async () => {
    const { client } = await connect({
      commit: () => {
        throw refused({
          code: status.RESOURCE_EXHAUSTED,
          message: "too busy",
          reason: "OVERLOADED",
          metadata: { limit: "10" },
          fields: ["lines[0].sku"],
          retryAfterMs: 250,
        });
      },
    });
    const failure = await failureOf(client.commit({ requestId: "r1", dealerId: "d1", reservationId: "x" }));
    expect(failure).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      codeName: "RESOURCE_EXHAUSTED",
      message: "too busy",
      reason: "OVERLOADED",
      metadata: { limit: "10" },
      fieldViolations: [{ field: "lines[0].sku", description: "lines[0].sku is wrong" }],
      retryAfterMs: 250,
      requestId: "r1",
    });
  });

  test("retries UNAVAILABLE with the same request until it is answered", async () => {
    let attempts = 0;
    const { client, server } = await connect({
      reserve: () => {
        attempts += 1;
        if (attempts < 3) {
          throw refused({
            code: status.UNAVAILABLE,
            message: "journal",
            reason: "JOURNAL_UNAVAILABLE",
            retryAfterMs: 1,
          });
        }
        return { outcome: ReserveOutcome.RESERVED };
      },
    });
    const response = await client.reserve(ORDER);
    expect(response.outcome).toBe(ReserveOutcome.RESERVED);
    const sent = server.requests.get("reserve") ?? [];
    expect(sent).toHaveLength(3);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[2]).toEqual(sent[0]);
  });

  test.each([
    status.INVALID_ARGUMENT,
    status.NOT_FOUND,
    status.ALREADY_EXISTS,
    status.FAILED_PRECONDITION,
    status.RESOURCE_EXHAUSTED,
    status.DEADLINE_EXCEEDED,
    status.ABORTED,
    status.INTERNAL,
    status.UNKNOWN,
  ])("does not retry code %d, even where the server names a delay", async (code) => {
    const { client, server } = await connect({
      release: () => {
        throw refused({ code, message: "no", reason: "SOME_REASON", retryAfterMs: 1 });
      },
    });
    const failure = await failureOf(client.release({ dealerId: "d1", reservationId: "x" }));
    expect(failure.code).toBe(code);
    expect(server.requests.get("release")).toHaveLength(1);
  });

  test("ends with DEADLINE_EXCEEDED when the server never answers", async () => {
    const { client } = await connect({ getReservation: () => new Promise(() => {}) });
    const failure = await failureOf(client.getReservation({ dealerId: "d1", reservationId: "x" }, { deadlineMs: 30 }));
    expect(failure.code).toBe(status.DEADLINE_EXCEEDED);
  });

  test("ends with CANCELLED when its signal aborts", async () => {
    const stop = new AbortController();
    const { client } = await connect({
      getReservation: () => {
        stop.abort();
        return new Promise(() => {});
      },
    });
    const failure = await failureOf(
      client.getReservation({ dealerId: "d1", reservationId: "x" }, { signal: stop.signal }),
    );
    expect(failure.code).toBe(status.CANCELLED);
  });

  test("ends with UNAVAILABLE and its request_id when nobody listens", async () => {
    const { client, server } = await connect({});
    server.stop();
    const failure = await failureOf(client.reserve({ ...ORDER, requestId: "r9" }));
    expect(failure.code).toBe(status.UNAVAILABLE);
    expect(failure.requestId).toBe("r9");
  });

  test("hides no failure behind details that cannot be read", async () => {
    const { client } = await connect({
      getDealer: () => {
        const error = refused({ code: status.NOT_FOUND, message: "no such dealer", reason: "DEALER_NOT_FOUND" });
        const { metadata } = error as unknown as { metadata: { set(name: string, value: Buffer): void } };
        metadata.set("grpc-status-details-bin", Buffer.from([0xff, 0xff, 0xff]));
        throw error;
      },
    });
    const failure = await failureOf(client.getDealer({ dealerId: "d1" }));
    expect(failure).toMatchObject({ code: status.NOT_FOUND, message: "no such dealer", reason: "" });
  });
});

describe("every method", () => {
  test("reaches the RPC of its name and hands back its message", async () => {
    const reservation = { reservationId: "x", state: ReservationState.COMMITTED };
    const dealer = { dealerId: "d1", name: "Dealer", warehouseId: "w1" };
    const { client } = await connect({
      commit: () => ({ reservation }),
      release: () => ({ reservation }),
      extend: () => ({ reservation }),
      getReservation: () => ({ reservation }),
      listReservations: () => ({ reservations: [reservation] }),
      getAvailability: () => ({ availability: [{ sku: "A", level: AvailabilityLevel.LOW, availableToPromise: 4n }] }),
      getSourceStatus: () => ({ appliedSequence: 41n }),
      putDealer: () => ({ dealer }),
      getDealer: () => ({ dealer }),
      listDealers: () => ({ dealers: [dealer] }),
      putPolicy: () => ({ effective: { lowAt: 5n } }),
      getPolicy: () => ({ effective: { lowAt: 6n } }),
      getStock: () => ({ stock: { sku: "A", onHand: 7n } }),
    });
    const owned = { dealerId: "d1", reservationId: "x" };
    expect((await client.commit(owned)).reservation).toMatchObject(reservation);
    expect((await client.release(owned)).reservation).toMatchObject(reservation);
    expect((await client.extend(owned)).reservation).toMatchObject(reservation);
    expect((await client.getReservation(owned)).reservation).toMatchObject(reservation);
    expect((await client.listReservations({ dealerId: "d1" })).reservations).toMatchObject([reservation]);
    expect((await client.getAvailability({ warehouseId: "w1" })).availability[0]?.availableToPromise).toBe(4n);
    expect((await client.getSourceStatus({ source: "s" })).appliedSequence).toBe(41n);
    expect(await client.nextSequence("s")).toBe(42n);
    expect((await client.putDealer({ dealer })).dealer).toMatchObject(dealer);
    expect((await client.getDealer({ dealerId: "d1" })).dealer).toMatchObject(dealer);
    expect((await client.listDealers()).dealers).toMatchObject([dealer]);
    expect((await client.putPolicy({ policy: { lowAt: 5 } })).effective?.lowAt).toBe(5n);
    expect((await client.getPolicy({})).effective?.lowAt).toBe(6n);
    expect((await client.getStock({ warehouseId: "w1", sku: "A" })).stock?.onHand).toBe(7n);
  });

  test("of the ERP side for operations people reaches the RPC of its name too", async () => {
    const source = { source: "s", appliedSequence: 3n };
    const deadLetter = { number: 7n };
    const exception = { number: 8n };
    const discrepancy = { number: 9n, sku: "A" };
    const { client } = await connect({
      putSource: () => ({ source }),
      getSource: () => ({ source }),
      listSources: () => ({ sources: [source] }),
      moveStockSource: () => ({ source: "s", previousSource: "t" }),
      skipGap: ({ last }: { last: bigint }) => ({ appliedSequence: last, skipped: { first: 4n, last } }),
      listDeadLetters: () => ({ deadLetters: [deadLetter] }),
      replayDeadLetter: () => ({ deadLetter }),
      dropDeadLetter: () => ({ deadLetter }),
      listDispatchExceptions: () => ({ exceptions: [exception] }),
      attachDispatch: () => ({ exception }),
      listAtRisk: () => ({ lines: [{ sku: "A", shortBy: 2n }] }),
      resolveAtRisk: () => ({ reservation: { reservationId: "x" } }),
      getSyncHealth: () => ({ atRiskUnits: { value: 2n } }),
      listDriftRuns: () => ({ runs: [{ runId: "r" }] }),
      listDiscrepancies: () => ({ discrepancies: [discrepancy] }),
      resolveDrift: () => ({ discrepancy }),
    });
    expect((await client.putSource({ source: { source: "s" } })).source).toMatchObject(source);
    expect((await client.getSource({ source: "s" })).source).toMatchObject(source);
    expect((await client.listSources()).sources).toMatchObject([source]);
    const moved = await client.moveStockSource({ warehouseId: "w", sku: "A", source: "s", fromSequence: 4 });
    expect(moved.previousSource).toBe("t");
    expect((await client.skipGap({ source: "s", last: 5 })).skipped).toMatchObject({ first: 4n, last: 5n });
    expect((await client.listDeadLetters()).deadLetters).toMatchObject([deadLetter]);
    expect((await client.replayDeadLetter({ number: 7 })).deadLetter).toMatchObject(deadLetter);
    expect((await client.dropDeadLetter({ number: 7 })).deadLetter).toMatchObject(deadLetter);
    expect((await client.listDispatchExceptions({ warehouseId: "w" })).exceptions).toMatchObject([exception]);
    expect((await client.attachDispatch({ warehouseId: "w", exception: 8 })).exception).toMatchObject(exception);
    expect((await client.listAtRisk()).lines[0]?.shortBy).toBe(2n);
    expect((await client.resolveAtRisk({ reservationId: "x" })).reservation?.reservationId).toBe("x");
    expect((await client.getSyncHealth()).atRiskUnits?.value).toBe(2n);
    expect((await client.listDriftRuns()).runs[0]?.runId).toBe("r");
    expect((await client.listDiscrepancies({ warehouseId: "w" })).discrepancies).toMatchObject([discrepancy]);
    expect((await client.resolveDrift({ warehouseId: "w", number: 9 })).discrepancy).toMatchObject(discrepancy);
  });

  test("that could attach units twice is not retried", async () => {
    const { client, server } = await connect({
      attachDispatch: () => {
        throw refused({ code: status.UNAVAILABLE, message: "journal", reason: "JOURNAL_UNAVAILABLE" });
      },
    });
    const failure = await failureOf(client.attachDispatch({ warehouseId: "w", exception: 1, quantity: 3 }));
    expect(failure.code).toBe(status.UNAVAILABLE);
    expect(server.requests.get("attachDispatch")).toHaveLength(1);
  });

  test("everyPage reads on until the token is empty", async () => {
    const { client } = await connect({
      listDealers: ({ pageToken }: { pageToken: string }) =>
        pageToken === "" ? { dealers: [{ dealerId: "a" }], nextPageToken: "2" } : { dealers: [{ dealerId: "b" }] },
    });
    const seen: string[] = [];
    for await (const page of everyPage((pageToken) => client.listDealers({ pageToken }))) {
      seen.push(...page.dealers.map(({ dealerId }) => dealerId));
    }
    expect(seen).toEqual(["a", "b"]);
  });
});
