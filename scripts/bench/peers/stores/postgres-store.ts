/** The PostgreSQL peer: one prepared call of one function for each operation, over a pool of connections. */
import { readFileSync } from "node:fs";
import pg from "pg";
import { POSTGRES_DATABASE, POSTGRES_USER } from "../instances/postgres-instance.js";
import type { StoreAddress } from "../instances/store-instance.js";
import type {
  ChangeDecision,
  PeerRefusal,
  PeerStore,
  RefusalReason,
  ReservationRequest,
  ReserveDecision,
  ReserveOrder,
  StockFigures,
} from "./peer-store.js";

const SCHEMA = readFileSync(new URL("./postgres-schema.sql", import.meta.url), "utf8");
/** Errors raised by our own functions: a refusal by its reason, and holds that must be ended first. */
const REFUSED = "HF000";
const HOLDS_ARE_DUE = "HF001";
const ID_PREFIX = "p";

const statements = {
  receive: "SELECT receive($1, $2, $3)",
  reserve:
    "SELECT o_reservation, milliseconds(o_created), milliseconds(o_expires), o_available " +
    "FROM reserve($1, $2, $3, $4, $5, $6, $7, $8)",
  change:
    "SELECT o_order, o_warehouse, o_skus, o_quantities, milliseconds(o_created), milliseconds(o_updated), o_revision " +
    "FROM change_reservation($1, $2, $3, $4, $5)",
  endDueHolds: "SELECT end_due_holds()",
} as const;

export class PostgresStore implements PeerStore {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Connects; makes the tables and functions where they are not there yet. */
  static async open({ port, password }: StoreAddress, connections: number): Promise<PostgresStore> {
    const account = { user: POSTGRES_USER, password, database: POSTGRES_DATABASE };
    const limits = { max: connections, min: connections, idleTimeoutMillis: 0 };
    // Plans are made once for each connection, and by index, however small a table was at that moment.
    const options = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off";
    const pool = new pg.Pool({ host: "127.0.0.1", port, ...account, ...limits, options });
    // A connection that is lost between calls fails the next call, which is told; the loss itself needs no second word.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
    const { rows } = await pool.query("SELECT to_regclass('stock') IS NULL AS is_empty");
    if (rows[0].is_empty) await pool.query(SCHEMA);
    return new PostgresStore(pool);
  }

  async receive(warehouseId: string, sku: string, quantity: number): Promise<void> {
    await this.#call("receive", [warehouseId, sku, quantity]);
  }

  async reserve(order: ReserveOrder): Promise<ReserveDecision> {
    const { dealerId, requestId, content, orderId, warehouseId, lines, holdMs } = order;
    const skus = lines.map((line) => line.sku);
    const quantities = lines.map((line) => line.quantity);
    const values = [dealerId, requestId, content, orderId, warehouseId, skus, quantities, holdMs];
    for (;;) {
      try {
        const [id, createdAtMs, expiresAtMs, available] = (await this.#call("reserve", values)) as ReserveRow;
        if (id === null) return { kind: "short", available: available!.map(Number) };
        return { kind: "granted", reservationId: ID_PREFIX + id, createdAtMs, expiresAtMs: expiresAtMs! };
      } catch (failure) {
        if ((failure as pg.DatabaseError).code !== HOLDS_ARE_DUE) return refusalOf(failure);
        await this.endDueHolds();
      }
    }
  }

  commit(request: ReservationRequest): Promise<ChangeDecision> {
    return this.#change(request, "COMMITTED");
  }

  release(request: ReservationRequest): Promise<ChangeDecision> {
    return this.#change(request, "RELEASED");
  }

  async endDueHolds(): Promise<void> {
    await this.#call("endDueHolds", []);
  }

  async readStock(warehouseId: string): Promise<readonly StockFigures[]> {
    const text = `
      SELECT s.sku, s.on_hand, s.reserved, s.committed, coalesce(t.units, 0)
      FROM stock s LEFT JOIN (
        SELECT l.sku, sum(l.quantity) AS units
        FROM reservation r CROSS JOIN unnest(r.skus, r.quantities) AS l (sku, quantity)
        WHERE r.warehouse_id = $1 AND r.state IN ('PENDING', 'COMMITTED')
        GROUP BY l.sku
      ) t USING (sku)
      WHERE s.warehouse_id = $1 ORDER BY s.sku`;
    const { rows } = await this.#pool.query<string[]>({ text, values: [warehouseId], rowMode: "array" });
    return rows.map(([sku, ...figures]) => {
      const [onHand, reserved, committed, unitsOfReservations] = figures.map(Number) as [
        number,
        number,
        number,
        number,
      ];
      return { sku: sku!, onHand, reserved, committed, unitsOfReservations };
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #change(request: ReservationRequest, state: "COMMITTED" | "RELEASED"): Promise<ChangeDecision> {
    const { dealerId, requestId, content, reservationId } = request;
    const number = reservationNumber(reservationId);
    if (number === undefined) return { kind: "refused", reason: "RESERVATION_NOT_FOUND" };
    try {
      const row = (await this.#call("change", [dealerId, requestId, content, number, state])) as ChangeRow;
      const [orderId, warehouseId, skus, quantities, createdAtMs, updatedAtMs, revision] = row;
      const lines = skus.map((sku, line) => ({ sku, quantity: Number(quantities[line]) }));
      return { kind: "changed", orderId, warehouseId, lines, createdAtMs, updatedAtMs, revision };
    } catch (failure) {
      return refusalOf(failure);
    }
  }

  async #call(name: keyof typeof statements, values: unknown[]): Promise<unknown[]> {
    const { rows } = await this.#pool.query<unknown[]>({ name, text: statements[name], values, rowMode: "array" });
    return rows[0]!;
  }
}

/** bigint comes as text. */
type ReserveRow = [id: string | null, createdAtMs: number, expiresAtMs: number | null, available: string[] | null];
type ChangeRow = [
  orderId: string,
  warehouseId: string,
  skus: string[],
  quantities: string[],
  createdAtMs: number,
  updatedAtMs: number,
  revision: number,
];

function reservationNumber(reservationId: string): string | undefined {
  return /^p\d{1,18}$/.test(reservationId) ? reservationId.slice(ID_PREFIX.length) : undefined;
}

/** Anything but a refusal of our own functions is thrown on. */
function refusalOf(failure: unknown): PeerRefusal {
  const { code, message } = failure as pg.DatabaseError;
  if (code !== REFUSED) throw failure;
  return { kind: "refused", reason: message as RefusalReason };
}
