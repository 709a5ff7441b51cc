/** Events that could not be taken, through gRPC: listed, taken after all, dropped. */
import { toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DeadLetter, DeadLetterState } from "../../src/gen/holdfast/v1/dead_letter_pb.js";
import { Disposition, ErpService } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { detailsOf, invalidField, refusal, refusalOf } from "./refusal-of.js";
import { type EventBody, ServiceHarness } from "./service-harness.js";

const { listDeadLetters, replayDeadLetter, dropDeadLetter, getSource } = OperationsService.method;
const { OPEN, REPLAYED, DROPPED } = DeadLetterState;

let service: ServiceHarness;
/** Each test has a warehouse and a source of its own, and adds to the same dead letters. */
let warehouseId: string;
let source: string;
let tests = 0;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

beforeEach(() => {
  tests += 1;
  warehouseId = `W${tests}`;
  source = `erp-${tests}`;
});

afterAll(() => service.stop());

const received = (quantity: bigint): EventBody => ({
  case: "stockReceived",
  value: { warehouseId, sku: "A", quantity },
});
const blocked = (delta: bigint): EventBody => ({ case: "stockBlocked", value: { warehouseId, sku: "A", delta } });
const counted = (onHand: bigint): EventBody => ({ case: "stockCounted", value: { warehouseId, sku: "A", onHand } });

/** Sends an event that is refused for this reason; its dead letter. */
async function refusedEvent(body: EventBody, reason: string): Promise<DeadLetter> {
  expect(await service.erp(body, source)).toMatchObject({ disposition: Disposition.REJECTED, reason });
  const { deadLetters } = await service.call(listDeadLetters, { pageSize: 1, includeResolved: true });
  expect(deadLetters[0]).toMatchObject({ reason, state: OPEN, event: { source, body } });
  return deadLetters[0]!;
}

async function listed(request: object = {}): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let pageToken = "";
  do {
    const page = await service.call(listDeadLetters, { source, pageToken, ...request });
    letters.push(...page.deadLetters);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return letters;
}

const replay = (number: bigint) => service.call(replayDeadLetter, { number, actor: "ann", reason: "checked" });
const drop = (number: bigint) => service.call(dropDeadLetter, { number, actor: "ann", reason: "a test" });
const appliedSequence = async () => (await service.call(ErpService.method.getSourceStatus, { source })).appliedSequence;

describe("dead letters", () => {
  test("are listed newest first, in pages of any size, open ones only unless asked for all", async () => {
    const numbers: bigint[] = [];
    for (let index = 0; index < 7; index++) {
      numbers.unshift((await refusedEvent(blocked(-1n), "BELOW_ZERO: unavailable")).number);
      await service.erp(received(1n), source);
    }
    for (const pageSize of [1, 3, 7, 100]) {
      expect((await listed({ pageSize })).map(({ number }) => number)).toEqual(numbers);
    }
    await drop(numbers[2]!);
    const open = numbers.filter((number) => number !== numbers[2]);
    expect((await listed({ pageSize: 2 })).map(({ number }) => number)).toEqual(open);
    expect((await listed({ includeResolved: true })).map(({ number }) => number)).toEqual(numbers);
    expect(await listed({ source: "nobody" })).toEqual([]);
  });

  test("are the same after a restart, with and without a snapshot, and so is how they were resolved", async () => {
    await service.erp(received(9n), source);
    const taken = await refusedEvent(blocked(-4n), "BELOW_ZERO: unavailable");
    const dropped = await refusedEvent(blocked(-9n), "BELOW_ZERO: unavailable");
    await refusedEvent(received(0n), "INVALID_FIELD: quantity");
    await service.erp(blocked(5n), source);
    await replay(taken.number);
    await drop(dropped.number);
    const before = {
      letters: await listed({ includeResolved: true }),
      figures: await service.figures("A", warehouseId),
    };
    expect(before.letters.map(({ state }) => state)).toEqual([OPEN, DROPPED, REPLAYED]);
    for (const withoutSnapshots of [false, true]) {
      await service.restart({ withoutSnapshots });
      const letters = await listed({ includeResolved: true });
      expect({ letters, figures: await service.figures("A", warehouseId) }).toEqual(before);
    }
  });

  test("show what can be read of an event whose body could not be taken", async () => {
    const letter = await refusedEvent(received(0n), "INVALID_FIELD: quantity");
    expect(letter.event).toMatchObject({ source, sequence: 1n, eventId: `${source}-1` });
    expect(letter.event!.body).toMatchObject(received(0n));
  });

  test("come in pages that every caller takes, however long their events are", async () => {
    const reference = "\u{1f600}".repeat(3_900);
    const events = Array.from({ length: 300 }, (_, index) => ({
      source,
      sequence: BigInt(index + 1),
      eventId: `long-${index}`,
      body: { case: "stockReceived", value: { warehouseId, sku: "A", quantity: 1n, reference } } as const,
    }));
    await service.events(events);
    const sizes: number[] = [];
    let pageToken = "";
    let count = 0;
    do {
      const page = await service.call(listDeadLetters, { source, pageSize: 1_000, pageToken });
      sizes.push(toBinary(listDeadLetters.output, page).length);
      count += page.deadLetters.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(count).toBe(300);
    expect(Math.max(...sizes)).toBeLessThan(4 * 1024 * 1024);
    expect(sizes.length).toBeGreaterThan(1);
  });
});

describe("ReplayDeadLetter", () => {
  test("takes the event as a late one: figures change, the source's sequence does not", async () => {
    await service.erp(received(20n), source);
    const { number } = await refusedEvent(blocked(-4n), "BELOW_ZERO: unavailable");
    await service.erp(blocked(10n), source);
    const { deadLetter } = await replay(number);
    expect(deadLetter).toMatchObject({ number, state: REPLAYED });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 20n, unavailable: 6n });
    expect(await appliedSequence()).toBe(3n);
    expect(await service.erp(received(1n), source)).toMatchObject({ disposition: Disposition.APPLIED });
    expect(await listed()).toEqual([]);
  });

  test("is no sign of life of the source: it is as silent as before", async () => {
    await service.erp(received(20n), source);
    const { number } = await refusedEvent(blocked(-4n), "BELOW_ZERO: unavailable");
    await service.erp(blocked(10n), source);
    const lastHeard = async () => (await service.call(getSource, { source })).source!.lastEventTime;
    const before = await lastHeard();
    for (const withoutSnapshots of [undefined, false, true]) {
      if (withoutSnapshots !== undefined) await service.restart({ withoutSnapshots });
      await replay(number);
      expect(await lastHeard()).toEqual(before);
    }
  });

  test("again is answered and changes nothing; a drop of what was replayed is refused", async () => {
    await service.erp(received(20n), source);
    const { number } = await refusedEvent(blocked(-4n), "BELOW_ZERO: unavailable");
    await service.erp(blocked(10n), source);
    const first = await replay(number);
    const before = await service.figures("A", warehouseId);
    expect(await replay(number)).toEqual(first);
    expect(await service.figures("A", warehouseId)).toEqual(before);
    expect(await refusalOf(drop(number))).toEqual(refusal("FAILED_PRECONDITION", "DEAD_LETTER_REPLAYED"));
  });

  test("of an event that still cannot be taken is refused with the reason, and adds no second dead letter", async () => {
    await service.erp(received(20n), source);
    const { number } = await refusedEvent(blocked(-4n), "BELOW_ZERO: unavailable");
    const before = { letters: await listed(), figures: await service.figures("A", warehouseId) };
    const { metadata, ...refused } = await detailsOf(replay(number));
    expect(refused).toMatchObject(refusal("FAILED_PRECONDITION", "DEAD_LETTER_REFUSED"));
    expect(metadata).toEqual({ number: `${number}`, source, sequence: "2", why: "BELOW_ZERO: unavailable" });
    expect({ letters: await listed(), figures: await service.figures("A", warehouseId) }).toEqual(before);
  });

  test("is refused where the stock was counted since: the count has seen the event", async () => {
    await service.erp(received(20n), source);
    const { number } = await refusedEvent(received(200_000_000n), "QUANTITY_SUSPICIOUS: quantity");
    await service.erp(counted(7n), source);
    expect(await detailsOf(replay(number))).toMatchObject({ metadata: { why: "SUPERSEDED" } });
    expect(await service.figures("A", warehouseId)).toMatchObject({ onHand: 7n });
  });

  test("of an event whose body could not be read is refused; it can only be dropped", async () => {
    const { number } = await refusedEvent(received(0n), "INVALID_FIELD: quantity");
    expect(await detailsOf(replay(number))).toMatchObject({ metadata: { why: "INVALID_FIELD: quantity" } });
    expect((await drop(number)).deadLetter).toMatchObject({ number, state: DROPPED });
    expect(await drop(number)).toMatchObject({ deadLetter: { state: DROPPED } });
    expect(await refusalOf(replay(number))).toEqual(refusal("FAILED_PRECONDITION", "DEAD_LETTER_DROPPED"));
  });

  test("and DropDeadLetter name a number that is not there, and fields that are wrong", async () => {
    for (const call of [replay, drop]) {
      expect(await refusalOf(call(999_999n))).toEqual(refusal("NOT_FOUND", "DEAD_LETTER_NOT_FOUND"));
      expect(await refusalOf(call(0n))).toEqual(invalidField("number"));
    }
    const texts = { actor: "\n", reason: "x".repeat(1_025) };
    expect(await refusalOf(service.call(replayDeadLetter, { number: -1n, ...texts }))).toEqual(
      invalidField("number", "actor", "reason"),
    );
    expect(await refusalOf(service.call(listDeadLetters, { source: "\n", pageSize: -1 }))).toEqual(
      invalidField("source", "page_size"),
    );
    for (const pageToken of ["nonsense", Buffer.from("dead-letters.999999").toString("base64url")]) {
      expect(await refusalOf(service.call(listDeadLetters, { pageToken }))).toEqual(invalidField("page_token"));
    }
  });
});

describe("a quantity above erp.quantityMax", () => {
  const suspicious: readonly (readonly [field: string, body: (units: bigint) => EventBody])[] = [
    ["quantity", (quantity) => ({ case: "stockReceived", value: { warehouseId, sku: "A", quantity } })],
    ["quantity", (quantity) => ({ case: "stockReturned", value: { warehouseId, sku: "A", quantity } })],
    ["quantity", (quantity) => ({ case: "orderDispatched", value: { warehouseId, sku: "A", quantity } })],
    ["delta", (delta) => ({ case: "stockAdjusted", value: { warehouseId, sku: "A", delta } })],
    ["delta", (delta) => ({ case: "stockAdjusted", value: { warehouseId, sku: "A", delta: -delta } })],
    ["delta", (delta) => ({ case: "stockBlocked", value: { warehouseId, sku: "A", delta } })],
    ["delta", (delta) => ({ case: "demandAllocated", value: { warehouseId, sku: "A", delta } })],
    ["on_hand", (onHand) => ({ case: "stockCounted", value: { warehouseId, sku: "A", onHand } })],
  ];

  test.each(suspicious)("is a dead letter by its field (%s) until a person takes it", async (field, body) => {
    await service.erp(received(1n), source);
    const atBound = body(100_000_000n);
    expect(await service.erp(atBound, source)).toMatchObject({ disposition: Disposition.APPLIED });
    const before = await service.figures("A", warehouseId);
    const { number } = await refusedEvent(body(100_000_001n), `QUANTITY_SUSPICIOUS: ${field}`);
    expect(await service.figures("A", warehouseId)).toEqual(before);
    await replay(number);
    const after = await service.figures("A", warehouseId);
    const moved = (name: "onHand" | "unavailable" | "allocatedElsewhere") => after[name] - before[name];
    const change = moved("onHand") + moved("unavailable") + moved("allocatedElsewhere");
    expect(change < 0n ? -change : change).toBe(field === "on_hand" ? 1n : 100_000_001n);
  });

  test("is taken where the setting allows it", async () => {
    const generous = await ServiceHarness.start({ erpQuantityMax: 2 ** 52 });
    try {
      const answer = await generous.erp(received(2n ** 52n), source);
      expect(answer).toMatchObject({ disposition: Disposition.APPLIED });
      expect(await generous.erp(received(2n ** 52n + 1n), source)).toMatchObject({
        disposition: Disposition.REJECTED,
        reason: "QUANTITY_SUSPICIOUS: quantity",
      });
    } finally {
      await generous.stop();
    }
  });
});
