/** A Tryton in memory behind real HTTP and JSON-RPC: what the adapter asks of moves, locations, products and shipments, no more. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { microsecondsOf, momentOf, type TrytonMoment } from "../../../src/connector/tryton/tryton-values.js";

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire is what the test's adapter sends
type Loose = any;

export interface FakeMove {
  readonly id: number;
  state: "draft" | "done" | "cancelled";
  from: number;
  to: number;
  product: number;
  quantity: number;
  /** Microseconds. */
  changedAt: number;
  shipment?: string;
}

export const PLACES = { input: 1, output: 2, storage: 3, lost: 4, warehouse: 5, supplier: 6, customer: 7, shelf: 8 };
export const OTHER = { warehouse: 15, storage: 13, output: 12 };

export class FakeTryton {
  readonly moves: FakeMove[] = [];
  readonly shipments: { id: number; reference: string; state: string; moves: { sku: string; quantity: number }[] }[] =
    [];
  readonly calls: string[] = [];
  readonly products = new Map([
    [1, "bolt"],
    [2, "nut"],
    [3, ""],
  ]);
  /** Called before each method; what it throws is HTTP 500, what it gives back instead of undefined is the error. */
  before: (method: string) => readonly unknown[] | undefined = () => undefined;
  /** Called after each method, when its effect is there and its answer is not. */
  after: (method: string) => void = () => {};
  sessions = 0;
  #server: Server | undefined;
  #session = "";

  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      let text = "";
      request.on("data", (part) => {
        text += part;
      });
      request.on("end", () => {
        try {
          const body = this.#answer(JSON.parse(text), request.headers.authorization);
          response.writeHead(body === undefined ? 401 : 200).end(JSON.stringify(body));
        } catch {
          response.writeHead(500).end();
        }
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  expireSession(): void {
    this.#session = "expired";
  }

  #answer(request: { method: string; params: Loose[] }, authorization: string | undefined): object | undefined {
    const { method, params } = request;
    this.calls.push(method);
    if (method === "common.db.login") {
      this.sessions += 1;
      this.#session = Buffer.from(`${params[0]}:1:key-${this.sessions}`).toString("base64");
      return { result: params[1].password === "right" ? [1, `key-${this.sessions}`] : null };
    }
    if (authorization !== `Session ${this.#session}`) return undefined;
    const error = this.before(method);
    if (error !== undefined) return { error };
    const result = this.#methods[method]?.(...params);
    if (result === undefined) throw new Error(`no method ${method}`);
    this.after(method);
    return { result };
  }

  readonly #methods: Readonly<Record<string, (...params: Loose[]) => unknown>> = {
    "model.res.user.get_preferences": () => ({ company: 1, language: "en" }),
    "model.stock.location.search_count": () => 8,
    "model.stock.location.search_read": () => LOCATIONS,
    "model.stock.move.search_read": (domain, _offset, limit) => {
      const [[, , states], [, [, , at], [, [, , id]]]] = domain as [Loose, [string, Loose, Loose]];
      const after = microsecondsOf(at as TrytonMoment);
      return this.moves
        .filter(({ state }) => states.includes(state))
        .filter((move) => move.changedAt > after || (move.changedAt === after && move.id > id))
        .sort((one, other) => one.changedAt - other.changedAt || one.id - other.id)
        .slice(0, limit)
        .map((move) => ({ id: move.id, write_date: momentOf(move.changedAt) }));
    },
    "model.stock.move.read": (ids) =>
      this.moves
        .filter(({ id }) => ids.includes(id))
        .map((move) => ({
          id: move.id,
          state: move.state,
          from_location: move.from,
          to_location: move.to,
          "product.": { id: move.product, code: this.products.get(move.product) },
          internal_quantity: move.quantity,
          write_date: momentOf(move.changedAt),
          shipment: move.shipment ?? null,
        })),
    "model.stock.shipment.out.read": (ids) =>
      this.shipments.filter(({ id }) => ids.includes(id)).map(({ id, reference }) => ({ id, reference })),
    "model.stock.shipment.out.search_read": ([[, , reference]]) =>
      this.shipments
        .filter((shipment) => shipment.reference === reference)
        .map(({ id, state }) => ({ id, state, outgoing_moves: [] })),
    "model.stock.shipment.out.create": ([{ reference, outgoing_moves }]) => {
      const id = this.shipments.length + 1;
      const moves = outgoing_moves[0][1].map((move: Loose) => ({
        sku: this.products.get(move.product),
        quantity: move.quantity,
      }));
      this.shipments.push({ id, reference, state: "draft", moves });
      return [id];
    },
    "model.stock.shipment.out.wait": ([id]) => this.#turn(id, "waiting"),
    "model.stock.shipment.out.cancel": ([id]) => this.#turn(id, "cancelled"),
    "model.party.party.search_read": ([[, , code]]) =>
      code === "d-1" ? [{ id: 9, addresses: [4], customer_location: PLACES.customer }] : [],
    "model.company.company.read": () => [{ currency: 1 }],
    "model.product.product.search_read": ([which, behind], _offset, limit, _order, fields, context) => {
      const after: number = behind?.[2] ?? 0;
      const skus: string[] | undefined = which[0] === "OR" ? which[1][2] : undefined;
      const inside = (context?.locations ?? []) as number[];
      return [...this.products]
        .filter(([id, code]) => id > after && (skus === undefined || skus.includes(code)))
        .slice(0, limit ?? undefined)
        .map(([id, code]) => ({
          id,
          code,
          ...(fields.includes("quantity")
            ? { quantity: this.#quantity(id, inside) }
            : { default_uom: 1, list_price: { __class__: "Decimal", decimal: "1" } }),
        }));
    },
  };

  #quantity(product: number, inside: readonly number[]): number {
    return this.moves
      .filter((move) => move.product === product && move.state === "done")
      .reduce(
        (sum, { from, to, quantity }) =>
          sum + (inside.includes(to) ? quantity : 0) - (inside.includes(from) ? quantity : 0),
        0,
      );
  }

  #turn(id: number, state: string): null {
    const shipment = this.shipments.find((each) => each.id === id);
    if (shipment !== undefined) shipment.state = state;
    return null;
  }
}

function location(id: number, type: string, more: object = {}) {
  const none = { parent: null, storage_location: null, output_location: null };
  return { id, name: `place ${id}`, code: null, type, ...none, ...more };
}

const LOCATIONS = [
  location(PLACES.input, "storage", { parent: PLACES.warehouse }),
  location(PLACES.output, "storage", { parent: PLACES.warehouse }),
  location(PLACES.storage, "storage", { parent: PLACES.warehouse }),
  location(PLACES.shelf, "storage", { parent: PLACES.storage }),
  location(PLACES.lost, "lost_found"),
  location(PLACES.supplier, "supplier"),
  location(PLACES.customer, "customer"),
  location(PLACES.warehouse, "warehouse", {
    code: "WH",
    storage_location: PLACES.storage,
    output_location: PLACES.output,
  }),
  location(OTHER.storage, "storage", { parent: OTHER.warehouse }),
  location(OTHER.output, "storage", { parent: OTHER.warehouse }),
  location(OTHER.warehouse, "warehouse", { storage_location: OTHER.storage, output_location: OTHER.output }),
];
