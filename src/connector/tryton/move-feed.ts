/**
 * Tryton's stock moves that are done, read in the order of their last change.
 *
 * 1. Moves are dealt with once, by id (handled-moves.ts). The time of the last change only says where to look: it is when a
 *    transaction began, so a move may come to light later than others with a later time, and a move that is long done may be
 *    written again. Each look therefore starts an overlap before the newest time seen.
 * 2. Equal times are told apart by id; a page begins behind the last row of the page before, so none is left out when rows move.
 */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Changes, ReadLimits } from "../erp-adapter.js";
import { HandledMoves } from "./handled-moves.js";
import type { CallOptions, TrytonRpc } from "./json-rpc.js";
import type { Locations } from "./locations.js";
import { type DoneMove, eventsOfMove } from "./move-events.js";
import { reservationOf } from "./order-shipments.js";
import { microsecondsOf, momentOf, type TrytonMoment } from "./tryton-values.js";

export interface MoveFeedParts {
  readonly rpc: TrytonRpc;
  readonly overlapMs: number;
  readonly options: (signal: AbortSignal) => Promise<CallOptions>;
  /** Fresh enough to know all of these. */
  readonly locations: (needed: readonly number[], signal: AbortSignal) => Promise<Locations>;
}

interface Cursor {
  /** The newest change seen, in microseconds. */
  readonly newest: number;
  readonly handled: string;
}

/** A row of the index that is read to find what is new. */
interface Place {
  readonly changedAt: number;
  readonly id: number;
}

interface MoveRow {
  readonly id: number;
  readonly state: string;
  readonly from_location: number;
  readonly to_location: number;
  readonly "product.": { readonly id: number; readonly code: string | null };
  readonly internal_quantity: number;
  readonly write_date: TrytonMoment;
  readonly shipment: string | null;
}

const PAGE_SIZE = 1_000;
const FIELDS = [
  "state",
  "from_location",
  "to_location",
  "product.code",
  "internal_quantity",
  "write_date",
  "shipment",
] as const;

export class MoveFeed {
  readonly #parts: MoveFeedParts;
  /** Where the last look ended before it had seen everything, and the cursor that it gave. */
  #interrupted: { readonly cursor: string; readonly place: Place } | undefined;

  constructor(parts: MoveFeedParts) {
    this.#parts = parts;
  }

  async changes(cursor: string | undefined, { eventsMax, signal }: ReadLimits): Promise<Changes> {
    const { newest, handled: known } = cursor === undefined ? START : (JSON.parse(cursor) as Cursor);
    const handled = HandledMoves.parse(known);
    const interrupted = this.#interrupted;
    const resumed = interrupted !== undefined && interrupted.cursor === cursor ? interrupted.place : undefined;
    const start = resumed ?? { changedAt: newest - this.#parts.overlapMs * 1_000, id: 0 };
    // A move makes two events at most.
    const { places, end } = await this.#find(start, { handled, movesMax: Math.max(1, eventsMax >> 1), signal });
    if (places.length === 0) {
      // The next look begins with the overlap again.
      this.#interrupted = undefined;
      return { events: [], cursor, hasMore: false };
    }
    const events = await this.#eventsOf(places, signal);
    for (const { id } of places) handled.add(id);
    const lastSeen = Math.max(newest, ...places.map(({ changedAt }) => changedAt));
    const next = JSON.stringify({ newest: lastSeen, handled: handled.toString() } satisfies Cursor);
    this.#interrupted = end === undefined ? undefined : { cursor: next, place: end };
    return { events, cursor: next, hasMore: end !== undefined };
  }

  /** The cursor behind every move that is done now. */
  async present(signal: AbortSignal): Promise<string | undefined> {
    const handled = HandledMoves.parse("");
    let after: Place = { changedAt: 0, id: 0 };
    for (;;) {
      const page = await this.#page(after, signal);
      for (const place of page) handled.add(place.id);
      after = page.at(-1) ?? after;
      if (page.length === PAGE_SIZE) continue;
      const cursor: Cursor = { newest: after.changedAt, handled: handled.toString() };
      return after.id === 0 ? undefined : JSON.stringify(cursor);
    }
  }

  /** The next places that are not handled; `end` where there may be more behind them. */
  async #find(
    start: Place,
    { handled, movesMax, signal }: { handled: HandledMoves; movesMax: number; signal: AbortSignal },
  ): Promise<{ places: Place[]; end: Place | undefined }> {
    const places: Place[] = [];
    let after = start;
    for (;;) {
      const page = await this.#page(after, signal);
      for (const place of page) {
        after = place;
        if (!handled.has(place.id)) places.push(place);
        if (places.length === movesMax) return { places, end: after };
      }
      if (page.length < PAGE_SIZE) return { places, end: undefined };
    }
  }

  async #page({ changedAt, id }: Place, signal: AbortSignal): Promise<Place[]> {
    const moment = momentOf(Math.max(0, changedAt));
    // Cancelled is as final as done: those are handled with nothing to tell, so that the ids stay few ranges.
    const domain = [
      ["state", "in", ["done", "cancelled"]],
      [
        "OR",
        ["write_date", ">", moment],
        [
          ["write_date", "=", moment],
          ["id", ">", id],
        ],
      ],
    ];
    const order = [
      ["write_date", "ASC"],
      ["id", "ASC"],
    ];
    const rows = await this.#parts.rpc.call<{ id: number; write_date: TrytonMoment }[]>(
      "model.stock.move.search_read",
      [domain, 0, PAGE_SIZE, order, ["write_date"]],
      await this.#parts.options(signal),
    );
    return rows.map((row) => ({ id: row.id, changedAt: microsecondsOf(row.write_date) }));
  }

  async #eventsOf(places: readonly Place[], signal: AbortSignal) {
    const ids = places.map(({ id }) => id);
    const { rpc, options } = this.#parts;
    const rows = await rpc.call<MoveRow[]>("model.stock.move.read", [ids, FIELDS], await options(signal));
    const done = rows.filter(({ state }) => state === "done");
    const locations = await this.#parts.locations(
      done.flatMap((row) => [row.from_location, row.to_location]),
      signal,
    );
    const references = await this.#shipmentReferences(done, signal);
    const byId = new Map(done.map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row === undefined ? [] : eventsOfMove(moveOf(row, references), locations);
    });
  }

  /** What stands on the outgoing shipments of these moves. */
  async #shipmentReferences(rows: readonly MoveRow[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const names = rows.map(({ shipment }) => shipment ?? "").filter((name) => name.startsWith(`${OUTGOING},`));
    const ids = [...new Set(names.map((name) => Number(name.slice(OUTGOING.length + 1))))];
    if (ids.length === 0) return new Map();
    const shipments = await this.#parts.rpc.call<{ id: number; reference: string | null }[]>(
      `model.${OUTGOING}.read`,
      [ids, ["reference"]],
      await this.#parts.options(signal),
    );
    return new Map(shipments.map(({ id, reference }) => [`${OUTGOING},${id}`, reference ?? ""]));
  }
}

const START: Cursor = { newest: 0, handled: "" };
const OUTGOING = "stock.shipment.out";

function moveOf(row: MoveRow, references: ReadonlyMap<string, string>): DoneMove {
  const { shipment } = row;
  return {
    id: row.id,
    from: row.from_location,
    to: row.to_location,
    product: row["product."],
    quantity: row.internal_quantity,
    doneAt: timestampFromMs(Math.floor(microsecondsOf(row.write_date) / 1_000)),
    reference: shipment ?? `stock.move,${row.id}`,
    reservationId: reservationOf(references.get(shipment ?? "") ?? ""),
  };
}
