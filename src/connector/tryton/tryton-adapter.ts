/** Tryton 6 as an ERP of the connector: stock moves are events, quantities by location positions, shipments our orders. */
import type { OrderEvent } from "../../client/index.js";
import type { Changes, ErpAdapter, ErpPosition, PositionsQuery, ReadLimits } from "../erp-adapter.js";
import type { ErpGuard } from "../erp-guard.js";
import { type CallOptions, type TrytonAccess, TrytonRpc } from "./json-rpc.js";
import { LOCATION_FIELDS, type LocationRow, Locations, type TrytonWarehouse } from "./locations.js";
import { MoveFeed } from "./move-feed.js";
import { OrderShipments } from "./order-shipments.js";
import { productsOf, skuOf } from "./tryton-values.js";

export interface TrytonSettings extends TrytonAccess {
  /** How far behind the newest change is looked again: longer than Tryton's longest transaction. */
  readonly overlapMs: number;
  /** Code of the party for orders of dealers that are none. */
  readonly customer: string | undefined;
}

interface ProductRow {
  readonly id: number;
  readonly code: string | null;
  readonly quantity: number;
}

const PRODUCTS_PAGE = 500;

export class TrytonAdapter implements ErpAdapter {
  readonly #rpc: TrytonRpc;
  readonly #moves: MoveFeed;
  readonly #orders: OrderShipments;
  #locations: Locations | undefined;
  #preferences: Readonly<Record<string, unknown>> | undefined;

  constructor(settings: TrytonSettings, guard: ErpGuard) {
    this.#rpc = new TrytonRpc(settings, guard);
    const options = (signal: AbortSignal) => this.#optionsFor(signal);
    const locations = (needed: readonly number[], signal: AbortSignal) => this.#locationsWith(needed, signal);
    this.#moves = new MoveFeed({ rpc: this.#rpc, overlapMs: settings.overlapMs, options, locations });
    this.#orders = new OrderShipments({ rpc: this.#rpc, customer: settings.customer, options, locations });
  }

  changes(cursor: string | undefined, limits: ReadLimits): Promise<Changes> {
    return this.#moves.changes(cursor, limits);
  }

  presentCursor(signal: AbortSignal): Promise<string | undefined> {
    return this.#moves.present(signal);
  }

  async *positions(query: PositionsQuery, signal: AbortSignal): AsyncGenerator<readonly ErpPosition[]> {
    // Locations may have come since the last move: a run sees them all.
    this.#locations = undefined;
    for (const warehouse of (await this.#locationsWith([], signal)).warehouses) {
      const { warehouseId } = warehouse;
      if (query.warehouseId !== undefined && query.warehouseId !== warehouseId) continue;
      const skus = query.stocks?.filter((stock) => stock.warehouseId === warehouseId).map(({ sku }) => sku);
      if (skus?.length !== 0) yield* this.#positionsIn(warehouse, skus, signal);
    }
  }

  async health(signal: AbortSignal): Promise<void> {
    await this.#rpc.call("model.stock.location.search_count", [[]], await this.#optionsFor(signal));
  }

  deliverOrder(event: OrderEvent, signal: AbortSignal): Promise<void> {
    return this.#orders.deliver(event, signal);
  }

  async *#positionsIn(
    warehouse: TrytonWarehouse,
    skus: readonly string[] | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ErpPosition[]> {
    const { warehouseId, inside } = warehouse;
    const options = await this.#optionsFor(signal);
    const context = { ...options.context, locations: inside, with_childs: false, active_test: false };
    const which = skus === undefined ? [["type", "=", "goods"]] : [productsOf(skus)];
    let last = 0;
    for (;;) {
      const domain = [...which, ["id", ">", last]];
      const rows = await this.#rpc.call<ProductRow[]>(
        "model.product.product.search_read",
        [domain, 0, PRODUCTS_PAGE, [["id", "ASC"]], ["code", "quantity"]],
        { ...options, context },
      );
      // Parts of a unit cannot be compared; the move that made them is a dead letter already.
      const whole = rows.filter(({ quantity }) => Number.isSafeInteger(quantity));
      const positions = whole.map((row) => ({ sku: skuOf(row), onHand: BigInt(row.quantity) }));
      if (positions.length > 0) yield positions.map((position) => ({ warehouseId, unavailable: 0n, ...position }));
      if (rows.length < PRODUCTS_PAGE) return;
      last = rows.at(-1)?.id ?? last;
    }
  }

  async #locationsWith(needed: readonly number[], signal: AbortSignal): Promise<Locations> {
    if (this.#locations !== undefined && needed.every((id) => this.#locations?.knows(id))) return this.#locations;
    const options = await this.#optionsFor(signal);
    const context = { ...options.context, active_test: false };
    const rows = await this.#rpc.call<LocationRow[]>(
      "model.stock.location.search_read",
      [[], 0, null, [["id", "ASC"]], LOCATION_FIELDS],
      { ...options, context },
    );
    this.#locations = new Locations(rows);
    return this.#locations;
  }

  /** Every call stands in the company and language of the connector's user, as in Tryton's own clients. */
  async #optionsFor(signal: AbortSignal): Promise<CallOptions> {
    this.#preferences ??= await this.#rpc.call<Record<string, unknown>>("model.res.user.get_preferences", [true], {
      signal,
    });
    return { signal, context: this.#preferences };
  }
}
