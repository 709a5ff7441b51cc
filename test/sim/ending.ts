/**
 * The end of a run: faults stop, and everything must come right. The service serves, every caller gets its answer, every event is
 * applied, every hold ends, and a clean restart finds what was there before.
 */

import type { SourceStatus } from "../../src/actor/service.js";
import type { StockFigures } from "../../src/domain/availability.js";
import type { Command } from "../../src/domain/command.js";
import type { Reservation } from "../../src/domain/reservation.js";
import type { ErpFeed } from "./erp-feed.js";
import { NO_FAULTS } from "./fault-plan.js";
import { expectSoon } from "./misfortunes.js";
import type { Request, View } from "./oracle/request.js";
import { DEALERS, HOLD_MAX_MS, STRANGER, WAREHOUSES } from "./orders.js";
import { FOLDER } from "./simulated-process.js";
import { Finding } from "./simulation-context.js";
import { proveState } from "./state-proof.js";
import type { World } from "./world.js";

const TRIES = 5;
/** Time enough for what a source says to have come about, and too little for it to be lost again. */
const SOON_US = 300_000;
/** Every hold ends in this time, though service time may run 5 % slow after a jump of the wall clock. */
const LONG_ENOUGH_MS = Math.ceil(HOLD_MAX_MS * 1.06) + 60_000;

export async function endWell(world: World, feeds: readonly ErpFeed[]): Promise<void> {
  world.faults = NO_FAULTS;
  world.calm();
  await serve(world);
  await settle(world);
  for (const feed of feeds) {
    feed.comeBack();
    await followToTheEnd(world, feed);
  }
  for (const feed of feeds) feed.comeBack();
  await world.time.advance(SOON_US);
  checkConfirmed(world, await lookAround(world, feeds));
  await world.time.advance(LONG_ENOUGH_MS * 1000);
  await settle(world);
  const view = await lookAround(world, feeds);
  for (const difference of world.oracle.checkAtRest(view)) throw new Finding(`at rest: ${difference}`);
  await restartCleanly(world);
  const again = await lookAround(world, feeds);
  for (const difference of world.oracle.checkAtRest(again)) throw new Finding(`after a clean restart: ${difference}`);
  if (JSON.stringify(again.stocks) !== JSON.stringify(view.stocks)) {
    throw new Finding("after a clean restart the published figures are not what they were");
  }
  world.note(`the end: ${JSON.stringify(view.reservations)}`);
}

async function serve(world: World): Promise<void> {
  // A process that is about to give up after a fault does so first.
  await expectSoon(
    world,
    () => {
      if (world.isDown) world.start();
      return world.node !== undefined;
    },
    "the service does not serve",
  );
}

/** Everybody who waits, or sends again, is served. */
async function settle(world: World): Promise<void> {
  await world.time.advance(5_000_000);
  await expectSoon(world, () => world.calls.waiting === 0, "callers still wait");
}

async function followToTheEnd(world: World, feed: ErpFeed): Promise<void> {
  for (let tries = 0; tries < 2 + feed.last; tries++) {
    const status = (await ask(world, { kind: "sourceStatus", source: feed.source })) as SourceStatus;
    if (status.appliedSequence === feed.last) return;
    if (tries > 0) feed.heartbeat();
    feed.catchUp();
    await settle(world);
    const [gap] = status.gaps;
    if (gap !== undefined && tries > 0) await passOver(world, feed.source, gap.last);
  }
  throw new Finding(`${feed.source} was said to the end, and is not applied to the end`);
}

/** What is lost for ever is passed over by a person. */
async function passOver(world: World, source: string, last: number): Promise<void> {
  const attribution = { actor: "sim", reason: "the end" };
  const command: Command = { kind: "SkipGap", source, last, attribution };
  world.calls.ask(world.node, { kind: "command", command }, () => {});
  await settle(world);
}

/** All sources are there: what was committed while they were away is confirmed, or at risk. */
function checkConfirmed(world: World, view: View): void {
  for (const difference of world.oracle.checkInvariants(view))
    throw new Finding(`with all sources there: ${difference}`);
  const left = view.reservations?.filter(({ provisional, atRisk }) => provisional && !atRisk) ?? [];
  if (left.length > 0) throw new Finding(`${left.length} covered orders are still provisional with all sources there`);
}

async function restartCleanly(world: World): Promise<void> {
  world.stop();
  await expectSoon(world, () => world.isDown, "the process does not stop");
  const checkpoint = world.disk.memory.contents().get(`${FOLDER}/CHECKPOINT`);
  if (checkpoint !== undefined) await proveState(checkpoint, (blocks) => world.log.records(blocks), world.settings);
  await serve(world);
}

async function lookAround(world: World, feeds: readonly ErpFeed[]): Promise<View> {
  const sources: { source: string; status: SourceStatus }[] = [];
  for (const { source } of feeds) {
    sources.push({ source, status: (await ask(world, { kind: "sourceStatus", source })) as SourceStatus });
  }
  const reservations: Reservation[] = [];
  for (const dealerId of [...DEALERS, STRANGER]) reservations.push(...(await listAll(world, dealerId)));
  return { nowMs: Math.floor(world.calls.serviceMs), stocks: publishedStocks(world), reservations, sources };
}

/** All figures as they are published, without a word from the engine. */
export function publishedStocks(world: World): { warehouseId: string; figures: StockFigures }[] {
  const stocks: { warehouseId: string; figures: StockFigures }[] = [];
  const node = world.node!;
  for (const warehouseId of WAREHOUSES) {
    const query = { dealerId: "", warehouseId, skus: [], pageSize: 1_000, pageToken: "" };
    const page = node.ports.availability.read(query);
    if ("reason" in page) continue;
    for (const figures of page.figures) stocks.push({ warehouseId, figures });
  }
  return stocks;
}

async function listAll(world: World, dealerId: string): Promise<Reservation[]> {
  const all: Reservation[] = [];
  let pageToken = "";
  do {
    const command: Command = {
      kind: "ListReservations",
      dealerId,
      orderId: "",
      warehouseId: "",
      sku: "",
      states: [],
      pageSize: 1_000,
      pageToken,
    };
    const page = (await ask(world, { kind: "command", command })) as {
      reservations: Reservation[];
      nextPageToken: string;
    };
    all.push(...page.reservations);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return all;
}

/** Asks until it is answered. What was damaged before may still come to light, and is overcome. */
async function ask(world: World, request: Request): Promise<unknown> {
  for (let tries = 0; tries < TRIES; tries++) {
    let answer: unknown;
    let refused = "";
    await serve(world);
    world.calls.ask(world.node, request, (told) => {
      if (told.kind === "answered") answer = told.value;
      else refused = told.kind === "refused" ? told.refusal.reason : told.kind;
    });
    await expectSoon(world, () => answer !== undefined || refused !== "", "a reader waits");
    if (answer !== undefined) return answer;
    if (refused !== "lost" && refused !== "JOURNAL_UNAVAILABLE") {
      throw new Finding(`in calm water a reader is told ${refused}`);
    }
  }
  throw new Finding(`in calm water a reader is not answered in ${TRIES} tries`);
}
