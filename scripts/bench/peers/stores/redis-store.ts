/** The Redis peer: one script for each operation, sent with whatever else is sent in the same round of the event loop. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import type { StoreAddress } from "../instances/store-instance.js";
import type {
  ChangeDecision,
  OrderLine,
  PeerStore,
  RefusalReason,
  ReservationRequest,
  ReserveDecision,
  ReserveOrder,
  StockFigures,
} from "./peer-store.js";

/** How long the first decision on a request is remembered, as in Holdfast. */
const RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
const SCAN_COUNT = 10_000;

/** The commands that the scripts below become. */
interface Scripts {
  reserveOrder(...keysAndArguments: (string | number)[]): Promise<string>;
  changeReservation(...keysAndArguments: (string | number)[]): Promise<string[]>;
  endDueHolds(): Promise<unknown>;
}

const scripts = {
  reserveOrder: { numberOfKeys: 6, lua: lua("redis-due-holds") + lua("redis-reserve") },
  changeReservation: { numberOfKeys: 3, lua: lua("redis-due-holds") + lua("redis-change") },
  endDueHolds: { numberOfKeys: 0, lua: `${lua("redis-due-holds")}\nend_due_holds(now_ms())` },
};

export class RedisStore implements PeerStore {
  readonly #connections: readonly (Redis & Scripts)[];
  #next = 0;

  private constructor(connections: readonly (Redis & Scripts)[]) {
    this.#connections = connections;
  }

  /** Connects, and sends the scripts in turn over the connections. */
  static async open({ port, password }: StoreAddress, connections: number): Promise<RedisStore> {
    const options = { host: "127.0.0.1", port, password, enableAutoPipelining: true, scripts, lazyConnect: true };
    const opened = Array.from({ length: connections }, () => new Redis(options) as Redis & Scripts);
    await Promise.all(opened.map((connection) => connection.connect()));
    return new RedisStore(opened);
  }

  async receive(warehouseId: string, sku: string, quantity: number): Promise<void> {
    await this.#connection().hincrby(`on_hand:${warehouseId}`, sku, quantity);
  }

  async reserve(order: ReserveOrder): Promise<ReserveDecision> {
    const { dealerId, requestId, content, orderId, warehouseId, lines, holdMs } = order;
    const id = randomUUID();
    const stockKeys = [`on_hand:${warehouseId}`, `reserved:${warehouseId}`, `committed:${warehouseId}`];
    const packedLines = JSON.stringify(lines.map(({ sku, quantity }) => [sku, quantity]));
    const decision = await this.#connection().reserveOrder(
      ...[requestKey(dealerId, requestId), `reservation:${id}`, ...stockKeys, "due"],
      ...[content, id, dealerId, orderId, warehouseId, packedLines, holdMs, RETENTION_MS],
      ...lines.map((line) => line.sku),
      ...lines.map((line) => line.quantity),
    );
    return readReserveDecision(decision);
  }

  commit(request: ReservationRequest): Promise<ChangeDecision> {
    return this.#change(request, "COMMITTED");
  }

  release(request: ReservationRequest): Promise<ChangeDecision> {
    return this.#change(request, "RELEASED");
  }

  async endDueHolds(): Promise<void> {
    await this.#connection().endDueHolds();
  }

  async readStock(warehouseId: string): Promise<readonly StockFigures[]> {
    const connection = this.#connection();
    const hashes = ["on_hand", "reserved", "committed"].map((name) => connection.hgetall(`${name}:${warehouseId}`));
    const [onHand, reserved, committed] = (await Promise.all(hashes)) as [Figures, Figures, Figures];
    const units = await this.#unitsOfReservations(warehouseId);
    return Object.keys(onHand)
      .sort()
      .map((sku) => ({
        sku,
        onHand: Number(onHand[sku]),
        reserved: Number(reserved[sku] ?? 0),
        committed: Number(committed[sku] ?? 0),
        unitsOfReservations: units.get(sku) ?? 0,
      }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.quit()));
  }

  async #change(request: ReservationRequest, state: "COMMITTED" | "RELEASED"): Promise<ChangeDecision> {
    const { dealerId, requestId, content, reservationId } = request;
    const [decision, orderId, warehouseId, lines, createdAtMs] = await this.#connection().changeReservation(
      ...[requestKey(dealerId, requestId), `reservation:${reservationId}`, "due"],
      ...[content, reservationId, dealerId, state, RETENTION_MS],
    );
    const [kind, ...told] = decision!.split(" ");
    if (kind === "refused") return { kind, reason: told[0] as RefusalReason };
    return {
      kind: "changed",
      orderId: orderId!,
      warehouseId: warehouseId!,
      lines: unpackLines(lines!),
      createdAtMs: Number(createdAtMs),
      updatedAtMs: Number(told[0]),
      revision: Number(told[1]),
    };
  }

  /** Counts every reservation that stands, one by one. */
  async #unitsOfReservations(warehouseId: string): Promise<ReadonlyMap<string, number>> {
    const units = new Map<string, number>();
    const connection = this.#connection();
    // A scan may name a key twice.
    const seen = new Set<string>();
    for await (const page of connection.scanStream({ match: "reservation:*", count: SCAN_COUNT })) {
      const keys = (page as string[]).filter((key) => !seen.has(key));
      for (const key of keys) seen.add(key);
      const found = await Promise.all(keys.map((key) => connection.hmget(key, "warehouse", "state", "lines")));
      for (const [warehouse, state, lines] of found) {
        if (warehouse !== warehouseId || (state !== "PENDING" && state !== "COMMITTED")) continue;
        for (const { sku, quantity } of unpackLines(lines!)) units.set(sku, (units.get(sku) ?? 0) + quantity);
      }
    }
    return units;
  }

  #connection(): Redis & Scripts {
    this.#next = (this.#next + 1) % this.#connections.length;
    return this.#connections[this.#next]!;
  }
}

type Figures = Readonly<Record<string, string>>;

function lua(name: string): string {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
}

/** Names hold no line ends, so two pairs never share a key. */
function requestKey(dealerId: string, requestId: string): string {
  return `request:${dealerId}\n${requestId}`;
}

function unpackLines(packed: string): OrderLine[] {
  return (JSON.parse(packed) as [string, number][]).map(([sku, quantity]) => ({ sku, quantity }));
}

function readReserveDecision(decision: string): ReserveDecision {
  const [kind, ...told] = decision.split(" ");
  if (kind === "refused") return { kind, reason: told[0] as RefusalReason };
  if (kind === "short") return { kind, available: told.map(Number) };
  const [reservationId, createdAtMs, expiresAtMs] = told;
  return {
    kind: "granted",
    reservationId: reservationId!,
    createdAtMs: Number(createdAtMs),
    expiresAtMs: Number(expiresAtMs),
  };
}
