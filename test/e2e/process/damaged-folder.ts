/** Data folders of a real server to be damaged, and everything that a caller can see of one, to be compared. */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { durationFromMs, HoldfastClient } from "../../../src/client/index.js";
import { RunningServer, runVerify } from "./running-server.js";

const WAREHOUSE = "W";
const DEALER = "D";
const SKUS = 800;
const ORDERS = 60;
const LINES = 800;
const FIRST = { requestId: "before-0", dealerId: DEALER };
/** Segments as small as they may be, so that the journal has several. */
const SETTINGS = { HOLDFAST_JOURNAL_SEGMENT_BYTES: "1MiB" };

export interface Subject {
  /** As `kill -9` leaves it: CHECKPOINT stands in the middle, and what came after is in the journal alone. */
  readonly folder: string;
  /** What a server on it must say. */
  readonly state: unknown;
  /** Records of the whole journal. */
  readonly records: number;
  /** Offsets of the blocks of its first segment; the first half stands before CHECKPOINT, the last quarter after it. */
  readonly blockOffsets: readonly number[];
  /** A fresh copy to be damaged. */
  copy(): Promise<string>;
  remove(): Promise<void>;
}

/** Two starts with orders in each, so that the pages of the first one's checkpoint stand in tables of LevelDB and not in its log. */
export async function makeSubject(): Promise<Subject> {
  const root = await mkdtemp(join(tmpdir(), "holdfast-damaged-"));
  const folder = join(root, "data");
  let server = await RunningServer.start(folder, SETTINGS);
  await withClient(server, async (client) => {
    await stockUp(client);
    await placeOrders(client, "before");
  });
  expect(await server.end("SIGTERM")).toBe(0);
  server = await RunningServer.start(folder, SETTINGS);
  await withClient(server, (client) => placeOrders(client, "after"));
  const state = await stateOf(server);
  await server.end("SIGKILL");
  let copies = 0;
  const copy = async () => {
    copies += 1;
    const path = join(root, `copy-${copies}`);
    await cp(folder, path, { recursive: true });
    return path;
  };
  // Of a copy, so that LevelDB's housekeeping while it is read leaves the folder as the kill did.
  const verified = await runVerify(await copy());
  expect(verified).toMatchObject({ code: 0 });
  const { records } = JSON.parse(verified.said) as { readonly records: number };
  const blockOffsets = blocksIn(await readFile(join(folder, "logs/0/segments/00000001.seg")));
  return { folder, state, records, blockOffsets, copy, remove: () => rm(root, { recursive: true, force: true }) };
}

/** Blocks begin at multiples of 512 bytes, with four bytes of magic. */
function blocksIn(segment: Buffer): readonly number[] {
  const offsets: number[] = [];
  for (let offset = 512; offset < segment.length; offset += 512) {
    if (segment.toString("latin1", offset, offset + 4) === "HFBK") offsets.push(offset);
  }
  return offsets;
}

/** Reservations, figures, the ERP's position, and what a repeated request is answered. */
export function stateOf(server: RunningServer): Promise<unknown> {
  return withClient(server, async (client) => {
    const reservations: unknown[] = [];
    let pageToken = "";
    do {
      const page = await client.listReservations({ dealerId: DEALER, pageSize: 1_000, pageToken });
      reservations.push(...page.reservations);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    const { availability } = await client.getAvailability({ warehouseId: WAREHOUSE, pageSize: 1_000 });
    const repeated = await client.reserve({ ...FIRST, ...orderOf(0, FIRST.requestId) });
    const { appliedSequence } = await client.getSourceStatus({ source: "erp" });
    expect(reservations).toHaveLength(2 * ORDERS);
    expect(availability).toHaveLength(SKUS);
    return { reservations, availability, repeated: repeated.reservation, appliedSequence };
  });
}

async function withClient<T>(server: RunningServer, work: (client: HoldfastClient) => Promise<T>): Promise<T> {
  const client = new HoldfastClient(server.listen);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

async function stockUp(client: HoldfastClient): Promise<void> {
  const events = Array.from({ length: SKUS }, (_, sku) => ({
    source: "erp",
    sequence: sku + 1,
    eventId: `e${sku}`,
    body: {
      case: "stockReceived" as const,
      value: { warehouseId: WAREHOUSE, sku: skuOf(sku), quantity: 100_000 },
    },
  }));
  for await (const { reason } of client.streamEvents(events)) expect(reason).toBe("");
}

/** One after the other, so that each is a block of its own; every third committed, every fifth released. */
async function placeOrders(client: HoldfastClient, name: string): Promise<void> {
  for (let order = 0; order < ORDERS; order++) {
    const requestId = `${name}-${order}`;
    const { reservation } = await client.reserve({ requestId, dealerId: DEALER, ...orderOf(order, requestId) });
    const target = { dealerId: DEALER, reservationId: reservation!.reservationId };
    if (order % 3 === 0) await client.commit({ ...target, requestId: `commit-${requestId}` });
    if (order % 5 === 0) await client.release({ ...target, requestId: `release-${requestId}` });
  }
}

function orderOf(order: number, orderId: string) {
  const lines = Array.from({ length: LINES }, (_, line) => ({ sku: skuOf((order + line) % SKUS), quantity: 1 + line }));
  return { orderId, warehouseId: WAREHOUSE, lines, holdDuration: durationFromMs(3_600_000) };
}

/** Long, so that few orders fill a segment. */
function skuOf(sku: number): string {
  return `sku-${sku}-${"x".repeat(80)}`;
}
