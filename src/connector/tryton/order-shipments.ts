/**
 * Our orders as Tryton's outgoing shipments. A shipment's reference names the reservation: it is made once, however often the
 * order is told, and when its goods leave they are the reservation's.
 */
import { type OrderEvent, type OrderEventLine, OrderEventType } from "../../client/index.js";
import { ErpRefusal } from "../erp-adapter.js";
import type { CallOptions, TrytonRpc } from "./json-rpc.js";
import type { Locations, TrytonWarehouse } from "./locations.js";
import { productsOf, skuOf, type TrytonDecimal } from "./tryton-values.js";

export interface OrderShipmentsParts {
  readonly rpc: TrytonRpc;
  /** Party of orders whose dealer is no party in Tryton. */
  readonly customer: string | undefined;
  readonly options: (signal: AbortSignal) => Promise<CallOptions>;
  readonly locations: (needed: readonly number[], signal: AbortSignal) => Promise<Locations>;
}

interface Shipment {
  readonly id: number;
  readonly state: string;
  readonly outgoing_moves: readonly number[];
}

interface Customer {
  readonly id: number;
  readonly addresses: readonly number[];
  readonly customer_location: number | null;
}

interface Product {
  readonly id: number;
  readonly code: string | null;
  readonly default_uom: number;
  readonly list_price: TrytonDecimal;
}

const REFERENCE = "holdfast:";
const SHIPMENT = "model.stock.shipment.out";
/** Making a shipment is the slowest thing asked for; given up too early it would be made and not known. */
const WRITE_TIMEOUT_MS = 60_000;

/** The reservation for which a shipment with this reference was made. */
export function reservationOf(reference: string): string | undefined {
  return reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : undefined;
}

export class OrderShipments {
  readonly #parts: OrderShipmentsParts;

  constructor(parts: OrderShipmentsParts) {
    this.#parts = parts;
  }

  async deliver(event: OrderEvent, signal: AbortSignal): Promise<void> {
    switch (event.type) {
      case OrderEventType.COMMITTED:
        return this.#order(event, signal);
      case OrderEventType.RELEASED:
        return this.#reduce(event, signal);
      default:
        // What left the warehouse Tryton knows; what is at risk is for people, and holds are no orders yet.
        return;
    }
  }

  async #order(event: OrderEvent, signal: AbortSignal): Promise<void> {
    const [known] = await this.#shipmentsOf(event, signal);
    const id = known?.id ?? (await this.#create(event, signal));
    if (known === undefined || known.state === "draft") await this.#write("wait", [[id]], signal);
  }

  async #create(event: OrderEvent, signal: AbortSignal): Promise<number> {
    const locations = await this.#parts.locations([], signal);
    const warehouse = locations.warehouse(event.warehouseId);
    if (warehouse === undefined) throw new ErpRefusal(`Tryton has no warehouse ${event.warehouseId}`);
    const customer = await this.#customer(event.dealerId, signal);
    const products = await this.#products(event.lines, signal);
    const { company, currency } = await this.#company(signal);
    const moves = event.lines.map(({ sku, quantity }) => {
      const product = products.get(sku);
      if (product === undefined) throw new ErpRefusal(`Tryton has no product ${sku}, or several`);
      return { ...this.#move(product, warehouse, customer), quantity: Number(quantity), company, currency };
    });
    const shipment = {
      reference: `${REFERENCE}${event.reservationId}`,
      customer: customer.id,
      delivery_address: customer.addresses[0],
      warehouse: warehouse.locationId,
      company,
      outgoing_moves: [["create", moves]],
    };
    const [id] = await this.#write<[number]>("create", [[shipment]], signal);
    return id;
  }

  #move(product: Product, warehouse: TrytonWarehouse, customer: Customer) {
    return {
      product: product.id,
      uom: product.default_uom,
      unit_price: product.list_price,
      from_location: warehouse.outputLocationId,
      to_location: customer.customer_location,
    };
  }

  /** The undispatched rest ends: the shipment shrinks to what is still open, or is cancelled. */
  async #reduce(event: OrderEvent, signal: AbortSignal): Promise<void> {
    const [shipment] = await this.#shipmentsOf(event, signal);
    if (shipment === undefined || shipment.state === "done" || shipment.state === "cancelled") return;
    if (!["draft", "waiting", "assigned"].includes(shipment.state)) {
      throw new ErpRefusal(`Tryton's shipment for ${event.reservationId} is ${shipment.state} already`);
    }
    const remaining = new Map(event.lines.map((line) => [line.sku, Number(line.remaining)]));
    const moves = await this.#moves(shipment, signal);
    const ended = moves.filter(({ sku }) => remaining.get(sku) === 0);
    const reduced = moves.filter(
      ({ sku, quantity }) => quantity > (remaining.get(sku) ?? quantity) && remaining.get(sku) !== 0,
    );
    if (ended.length === moves.length) return this.#write("cancel", [[shipment.id]], signal);
    if (ended.length + reduced.length > 0) {
      if (shipment.state !== "draft") await this.#write("draft", [[shipment.id]], signal);
      const changes = [
        ...reduced.map(({ id, sku }) => ["write", [id], { quantity: remaining.get(sku) }]),
        ...(ended.length > 0 ? [["delete", ended.map(({ id }) => id)]] : []),
      ];
      await this.#write("write", [[shipment.id], { outgoing_moves: changes }], signal);
    }
    if (ended.length + reduced.length > 0 || shipment.state === "draft") {
      await this.#write("wait", [[shipment.id]], signal);
    }
  }

  /** Oldest first; more than one only where Tryton finished a request that was given up. The rest of them is cancelled. */
  async #shipmentsOf({ reservationId }: OrderEvent, signal: AbortSignal): Promise<readonly Shipment[]> {
    const domain = [["reference", "=", `${REFERENCE}${reservationId}`]];
    const fields = ["state", "outgoing_moves"];
    const found = await this.#read<Shipment[]>(
      `${SHIPMENT}.search_read`,
      [domain, 0, null, [["id", "ASC"]], fields],
      signal,
    );
    for (const { id, state } of found.slice(1)) {
      if (state === "draft" || state === "waiting") await this.#write("cancel", [[id]], signal);
    }
    return found;
  }

  async #moves(shipment: Shipment, signal: AbortSignal): Promise<{ id: number; sku: string; quantity: number }[]> {
    const rows = await this.#read<{ id: number; quantity: number; "product.": { id: number; code: string | null } }[]>(
      "model.stock.move.read",
      [shipment.outgoing_moves, ["quantity", "product.code"]],
      signal,
    );
    return rows.map((row) => ({ id: row.id, sku: skuOf(row["product."]), quantity: row.quantity }));
  }

  async #customer(dealerId: string, signal: AbortSignal): Promise<Customer> {
    for (const code of [dealerId, this.#parts.customer]) {
      if (code === undefined) continue;
      const fields = ["addresses", "customer_location"];
      const args = [[["code", "=", code]], 0, 1, null, fields];
      const [party] = await this.#read<Customer[]>("model.party.party.search_read", args, signal);
      if (party === undefined) continue;
      if (party.addresses.length === 0) throw new ErpRefusal(`Tryton's party ${code} has no address`);
      return party;
    }
    throw new ErpRefusal(`Tryton has no party with the code ${dealerId}, and none stands in (tryton.customer)`);
  }

  /** Those whose SKU is clear. */
  async #products(lines: readonly OrderEventLine[], signal: AbortSignal): Promise<ReadonlyMap<string, Product>> {
    const skus = lines.map(({ sku }) => sku);
    const args = [[productsOf(skus)], 0, null, null, ["code", "default_uom", "list_price"]];
    const found = await this.#read<Product[]>("model.product.product.search_read", args, signal);
    const clear = found.filter((product) => found.filter((other) => skuOf(other) === skuOf(product)).length === 1);
    return new Map(clear.map((product) => [skuOf(product), product]));
  }

  async #company(signal: AbortSignal): Promise<{ company: number; currency: number }> {
    const { context } = await this.#parts.options(signal);
    const company = context?.company;
    if (typeof company !== "number") throw new ErpRefusal("Tryton's user for the connector has no company");
    const [row] = await this.#read<{ currency: number }[]>(
      "model.company.company.read",
      [[company], ["currency"]],
      signal,
    );
    return { company, currency: row?.currency ?? 0 };
  }

  async #read<Result>(method: string, args: readonly unknown[], signal: AbortSignal): Promise<Result> {
    return this.#parts.rpc.call<Result>(method, args, await this.#parts.options(signal));
  }

  /** Not repeated by itself: each step looks first at what is there. */
  async #write<Result = void>(method: string, args: readonly unknown[], signal: AbortSignal): Promise<Result> {
    const options = { ...(await this.#parts.options(signal)), once: true, timeoutMs: WRITE_TIMEOUT_MS };
    return this.#parts.rpc.call<Result>(`${SHIPMENT}.${method}`, args, options);
  }
}
