import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OrderEventSchema, OrderEventType } from "../../../src/client/index.js";
import { SYSTEM_RETRY_ENVIRONMENT } from "../../../src/client/retry.js";
import { CsvAdapter } from "../../../src/connector/csv/csv-adapter.js";
import type { Changes } from "../../../src/connector/erp-adapter.js";
import { ErpGuard } from "../../../src/connector/erp-guard.js";
import { ConnectorWorld, until } from "../connector-world.js";

const LIMITS = {
  timeoutMs: 10_000,
  attemptsMax: 1,
  concurrentMax: 2,
  requestsPerSecondMax: 100_000,
  breakAfterFailures: 100,
  breakForMs: 1,
};
const GUARD_REPORTS = { responded: () => {}, circuitChanged: () => {} };
const { signal } = new AbortController();

let folder: string;
let failed: [string, string][];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-csv-"));
  await mkdir(join(folder, "in"));
  failed = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function adapter(delimiter = ","): CsvAdapter {
  const guard = new ErpGuard(LIMITS, GUARD_REPORTS, SYSTEM_RETRY_ENVIRONMENT);
  const settings = { inbox: join(folder, "in"), outbox: join(folder, "out"), delimiter };
  return new CsvAdapter(settings, guard, { fileFailed: (name, fault) => failed.push([name, fault]) });
}

/** As an ERP should: written beside, then renamed into place. */
async function drop(name: string, ...lines: string[]): Promise<void> {
  await writeFile(join(folder, "in", `.${name}.tmp`), `${lines.join("\n")}\n`);
  await rename(join(folder, "in", `.${name}.tmp`), join(folder, "in", name));
}

const HEADER = "type,warehouse_id,sku,quantity";

/** Everything that there is, each batch settled, as the connector does it. */
async function readAll(csv: CsvAdapter, eventsMax = 100): Promise<Changes[]> {
  const read: Changes[] = [];
  let cursor: string | undefined;
  for (;;) {
    const changes = await csv.changes(cursor, { eventsMax, signal });
    if (changes.cursor === cursor) return read;
    read.push(changes);
    cursor = changes.cursor;
    if (cursor !== undefined) await csv.settled(cursor);
  }
}

const idsOf = (read: readonly Changes[]): string[] =>
  read.flatMap(({ events }) => events.map(({ eventId }) => eventId));

describe("event files", () => {
  test("of every kind of row become events, with the file's name and line as their id", async () => {
    await drop(
      "events-1.csv",
      "type,warehouse_id,sku,quantity,reference,reason,order_id,reservation_id,dealer_id,reverses,occur_time",
      "received,w1,A,10,PO-1,,,,,,2026-05-04T08:30:00+02:00",
      "adjusted,w1,A,-3,INV-9,breakage,,,,,",
      "counted,w1,A,0,,,,,,,",
      "blocked,w1,A,+2,,,,,,,",
      "allocated,w1,A,4,web-7,,,,,,",
      'dispatched,w1,"A ""long""",5,,,o-1,,d-1,,',
      "closed,w1,,,,DISPATCH_FAILED,,r-1,,,",
      "returned,w1,A,1,,,o-1,,d-1,,",
      "reversed,w1,A,,,,,,,events-1.csv:2,",
    );
    const read = await readAll(adapter());
    const events = read.flatMap((changes) => changes.events);
    expect(idsOf(read)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10].map((line) => `events-1.csv:${line}`));
    expect(events.map(({ body }) => [body.case, body.value])).toMatchObject([
      ["stockReceived", { warehouseId: "w1", sku: "A", quantity: 10n, reference: "PO-1" }],
      ["stockAdjusted", { delta: -3n, reason: "breakage", reference: "INV-9" }],
      ["stockCounted", { onHand: 0n }],
      ["stockBlocked", { delta: 2n }],
      ["demandAllocated", { delta: 4n, reference: "web-7" }],
      ["orderDispatched", { sku: 'A "long"', quantity: 5n, orderId: "o-1", dealerId: "d-1" }],
      ["orderClosed", { sku: "", reservationId: "r-1", reason: 3 }],
      ["stockReturned", { quantity: 1n, orderId: "o-1", dealerId: "d-1" }],
      ["eventReversed", { eventId: "events-1.csv:2" }],
    ]);
    expect(timestampDate(events[0]!.occurTime).toISOString()).toBe("2026-05-04T06:30:00.000Z");
    expect(await readdir(join(folder, "in/done"))).toEqual(["events-1.csv"]);
  });

  test("are taken in the order of their names, events before positions of the same name, and nothing else is touched", async () => {
    await drop("events-20.csv", HEADER, "received,w1,A,1");
    await drop("positions-20.csv", "warehouse_id,sku,on_hand", "w1,A,1");
    await drop("events-10.csv", HEADER, "received,w1,A,1", "received,w1,A,2");
    await drop("events-30.csv", HEADER, "received,w1,A,1");
    await drop("notes.csv", "hello");
    await drop("events-40.csv.part", "hello");
    const read = await readAll(adapter(), 1);
    const told = read.map(({ events, positions }) => positions?.runId ?? events[0]?.eventId);
    expect(told).toEqual([
      "events-10.csv:2",
      "events-10.csv:3",
      "events-20.csv:2",
      "positions-20.csv",
      "events-30.csv:2",
    ]);
    expect((await readdir(join(folder, "in"))).filter((name) => name.includes("."))).toEqual([
      "events-40.csv.part",
      "notes.csv",
    ]);
  });

  test.each([
    ["an unknown type", [HEADER, "received,w1,A,1", "lost,w1,A,1"], /^line 3: type is "lost"; allowed: received, /],
    ["a type that every object has", [HEADER, "constructor,w1,A,1"], /^line 2: type is "constructor"/],
    ["half a unit", [HEADER, "received,w1,A,0.5"], /^line 2: quantity is "0.5", but has to be a whole number of at/],
    ["nothing received", [HEADER, "received,w1,A,0"], /at least 1/],
    ["more than can be counted", [HEADER, "adjusted,w1,A,9007199254740992"], /whole number/],
    ["no SKU", [HEADER, "received,w1,,1"], /^line 2: sku is empty/],
    ["an unknown column", [`${HEADER},colour`, "received,w1,A,1,red"], /^line 1: column "colour" is unknown/],
    ["a column twice", [`${HEADER},sku`, "received,w1,A,1,B"], /^line 1: column "sku"/],
    ["no header", ["received,w1,A,1"], /^line 1: column "received"/],
    ["a missing column", ["type,sku", "received,A"], /no column warehouse_id/],
    ["a row of another length", [HEADER, "received,w1,A"], /columns length is 4, got 3 on line 2/],
    ["a time without a zone", [`${HEADER},occur_time`, "received,w1,A,1,2026-05-04T08:30:00"], /occur_time is/],
    ["an unknown reason", [`${HEADER},reason`, "closed,w1,A,,toString"], /reason is "toString"; allowed: CANCELLED, /],
  ])("with %s fail as a whole, with the reason beside them, and hold up nobody", async (_, lines, fault) => {
    await drop("events-1.csv", ...lines);
    await drop("events-2.csv", HEADER, "received,w1,A,1");
    expect(idsOf(await readAll(adapter()))).toEqual(["events-2.csv:2"]);
    expect(await readFile(join(folder, "in/failed/events-1.csv.error"), "utf8")).toMatch(fault);
    expect(existsSync(join(folder, "in/failed/events-1.csv"))).toBe(true);
    expect(failed).toEqual([["events-1.csv", expect.stringMatching(fault)]]);
  });

  test("that are not UTF-8 fail", async () => {
    await writeFile(join(folder, "in/events-1.csv"), Buffer.from([0x74, 0xff, 0xfe]));
    expect(await readAll(adapter())).toEqual([]);
    expect(failed).toEqual([["events-1.csv", "the file is not UTF-8"]]);
  });

  test("of a name that was taken before fail: their events would have the ids of others", async () => {
    await drop("events-1.csv", HEADER, "received,w1,A,1");
    const csv = adapter();
    const [first] = await readAll(csv);
    await drop("events-1.csv", HEADER, "received,w1,A,5");
    const again = await csv.changes(first?.cursor, { eventsMax: 10, signal });
    expect(again).toEqual({ events: [], cursor: first?.cursor, hasMore: false });
    // Also when somebody has cleared the folder of what is done.
    await rm(join(folder, "in/done/events-1.csv"));
    await drop("events-1.csv", HEADER, "received,w1,A,7");
    expect(await csv.changes(first?.cursor, { eventsMax: 10, signal })).toEqual(again);
    expect(failed.map(([name]) => name)).toEqual(["events-1.csv", "events-1.csv"]);
  });

  test("a file that is done and was not put away is put away by the next run, and not told again", async () => {
    await drop("events-1.csv", HEADER, "received,w1,A,1", "received,w1,A,2", "received,w1,A,3");
    const first = await adapter().changes(undefined, { eventsMax: 2, signal });
    const second = await adapter().changes(first.cursor, { eventsMax: 2, signal });
    expect(idsOf([first, second])).toEqual(["events-1.csv:2", "events-1.csv:3", "events-1.csv:4"]);
    const third = await adapter().changes(second.cursor, { eventsMax: 2, signal });
    expect(third).toMatchObject({ events: [], hasMore: false });
    expect(await readdir(join(folder, "in/done"))).toEqual(["events-1.csv"]);
  });

  test("may have another delimiter and a byte order mark", async () => {
    await drop("events-1.csv", `\uFEFF${HEADER.replaceAll(",", ";")}`, "received;w1;A,B;1");
    const [read] = await readAll(adapter(";"));
    expect(read?.events[0]?.body.value).toMatchObject({ sku: "A,B", quantity: 1n });
  });
});

describe("with the connector", () => {
  test("every row is one event, and positions are told at the sequence of the events before them", async () => {
    const told: [string, boolean, bigint][] = [];
    const world = await ConnectorWorld.start({
      reportPositions: (call, answer) => {
        call.on("data", ({ runId, full, positions }: { runId: string; full: boolean; positions: never[] }) => {
          for (const { asOfSequence } of positions as { asOfSequence: bigint }[])
            told.push([runId, full, asOfSequence]);
        });
        call.on("end", () => answer(null, {}));
      },
    });
    await drop("events-1.csv", HEADER, "received,w1,A,1", "received,w1,B,2");
    await drop("positions-full-2.csv", "warehouse_id,sku,on_hand,unavailable", "w1,A,1,0", "w1,B,2,");
    await drop("events-3.csv", HEADER, "received,w1,A,3");
    world.connect({ adapter: adapter() });
    await until(() => world.ingest.applied.length === 3);
    expect(world.ingest.applied.map(({ sequence, eventId }) => [sequence, eventId])).toEqual([
      [1n, "events-1.csv:2"],
      [2n, "events-1.csv:3"],
      [3n, "events-3.csv:2"],
    ]);
    expect(told).toEqual([
      ["positions-full-2.csv", true, 2n],
      ["positions-full-2.csv", true, 2n],
    ]);
    await until(() => existsSync(join(folder, "in/done/events-3.csv")));
    expect(await readdir(join(folder, "in/done"))).toHaveLength(3);
  });
});

describe("orders", () => {
  const committed = create(OrderEventSchema, {
    eventId: "0/17",
    type: OrderEventType.COMMITTED,
    reservationId: "r-1",
    dealerId: "d,1",
    orderId: "o-1",
    warehouseId: "w1",
    lines: [
      { sku: "A", quantity: 5n, remaining: 5n },
      { sku: "B", quantity: 1n, remaining: 1n },
    ],
    occurTime: timestampFromDate(new Date("2026-05-04T06:30:00Z")),
  });

  test("are written whole, and the same event makes the same file", async () => {
    const csv = adapter();
    await csv.deliverOrder(committed, signal);
    await csv.deliverOrder(committed, signal);
    expect(await readdir(join(folder, "out"))).toEqual(["orders-20260504T063000000Z-0_17.csv"]);
    expect(await readFile(join(folder, "out/orders-20260504T063000000Z-0_17.csv"), "utf8")).toBe(
      [
        "event_id,type,reservation_id,dealer_id,order_id,warehouse_id,sku,quantity,remaining,reason,occur_time",
        '0/17,committed,r-1,"d,1",o-1,w1,A,5,5,,2026-05-04T06:30:00.000Z',
        '0/17,committed,r-1,"d,1",o-1,w1,B,1,1,,2026-05-04T06:30:00.000Z',
        "",
      ].join("\n"),
    );
  });

  test("that the ERP told itself are not written back", async () => {
    await adapter().deliverOrder({ ...committed, type: OrderEventType.DISPATCHED }, signal);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
