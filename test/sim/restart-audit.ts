/**
 * Reads everything that a service has just found again after a start, in one turn before callers come, and holds it to the oracle's
 * invariants. Some starts are left unread on purpose, so that callers meet pages that nobody has looked at.
 */
import { getStock, listReservations } from "../../src/actor/handlers/queries.js";
import type { SourceStatus } from "../../src/actor/service.js";
import type { Turn } from "../../src/actor/turn.js";
import type { LogNode } from "../../src/compose/log-node.js";
import type { StockFigures } from "../../src/domain/availability.js";
import type { Reservation } from "../../src/domain/reservation.js";
import type { View } from "./oracle/request.js";
import { DEALERS, SKUS, STRANGER, WAREHOUSES } from "./orders.js";
import { totalOf } from "./service-calls.js";
import { Finding } from "./simulation-context.js";
import type { World } from "./world.js";

/** Of a hundred starts so many are read through. */
const READ_THROUGH = 75;
/** A turn that ends holds is not durable yet, and is no moment to judge: the next may be. */
const TRIES = 5;

/** To be called when a node has been opened, before anybody can reach it. */
export function auditStart(world: World, node: LogNode): void {
  if (world.random.below(100) < READ_THROUGH) ask(world, node, TRIES);
}

function ask(world: World, node: LogNode, tries: number): void {
  let isJudged = false;
  node.engine.enqueue({
    writes: false,
    decide(turn) {
      if (totalOf(node.store) !== world.log.durableTotal) return;
      isJudged = true;
      judge(world, turn);
    },
    deliver() {
      if (!isJudged && tries > 1) ask(world, node, tries - 1);
    },
    abort() {},
  });
}

function judge(world: World, turn: Turn): void {
  world.coverage.count("a start was held to every invariant");
  for (const difference of world.oracle.checkInvariants(viewOf(turn))) {
    world.found(new Finding(`after a start: ${difference}`));
  }
}

function viewOf(turn: Turn): View {
  return {
    nowMs: turn.nowMs,
    stocks: WAREHOUSES.flatMap((warehouseId) =>
      SKUS.flatMap((sku) => {
        const figures = figuresOf(turn, warehouseId, sku);
        return figures === undefined ? [] : [{ warehouseId, figures }];
      }),
    ),
    reservations: structuredClone([...DEALERS, STRANGER].flatMap((dealerId) => reservationsOf(turn, dealerId))),
    sources: ["erp", "wms"].map((source) => ({
      source,
      status: { appliedSequence: turn.system.source(source)?.applied ?? 0 } as SourceStatus,
    })),
  };
}

/** Undefined where the warehouse or the stock never came into being. */
function figuresOf(turn: Turn, warehouseId: string, sku: string): StockFigures | undefined {
  const number = turn.system.partition(warehouseId);
  if (number === undefined || turn.store.partition(number).stocks.find(sku) === undefined) return undefined;
  const result = getStock(turn, { kind: "GetStock", warehouseId, sku, pageSize: 1, pageToken: "" });
  if ("refusal" in result) throw new Finding(`${sku} of ${warehouseId} cannot be read: ${result.refusal.reason}`);
  return result.answer.figures;
}

function reservationsOf(turn: Turn, dealerId: string): Reservation[] {
  const filter = { dealerId, orderId: "", warehouseId: "", sku: "", states: [] };
  const all: Reservation[] = [];
  let pageToken = "";
  do {
    const result = listReservations(turn, { kind: "ListReservations", ...filter, pageSize: 1_000, pageToken });
    if ("refusal" in result) throw new Finding(`${dealerId} cannot be listed: ${result.refusal.reason}`);
    all.push(...result.answer.reservations);
    pageToken = result.answer.nextPageToken;
  } while (pageToken !== "");
  return all;
}
