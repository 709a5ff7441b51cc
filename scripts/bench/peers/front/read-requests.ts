/**
 * Requests of the contract to what a peer's store is asked. What the race does not need of the contract (partial fills,
 * commits at once, single lines of a reservation) is refused by name, not taken for something else.
 */
import { hash } from "node:crypto";
import {
  type CommitRequest,
  FillPolicy,
  type ReleaseRequest,
  type ReserveLine,
  type ReserveRequest,
} from "../../../../src/gen/holdfast/v1/reservation_service_pb.js";
import type { OrderLine, RequestKey, ReservationRequest, ReserveOrder } from "../stores/peer-store.js";

const HOLD_DEFAULT_MS = 15 * 60 * 1000;
const LINES_MAX = 1_000;

/** The request is outside of what the peers can do, or not one at all. */
export class UnfitRequest extends Error {
  readonly isSupported: boolean;

  constructor(message: string, { isSupported }: { readonly isSupported: boolean }) {
    super(message);
    this.isSupported = isSupported;
  }
}

export function readReserve(request: ReserveRequest): ReserveOrder {
  if (request.fillPolicy === FillPolicy.PARTIAL || request.commit) throw unsupported("partial fills, commits at once");
  const lines = readLines(request.lines);
  const hold = request.holdDuration;
  const holdMs = hold === undefined ? HOLD_DEFAULT_MS : Number(hold.seconds) * 1000 + Math.floor(hold.nanos / 1e6);
  const { orderId, warehouseId } = request;
  const content = ["reserve", orderId, warehouseId, String(holdMs)];
  for (const { sku, quantity } of lines) content.push(sku, String(quantity));
  return { ...readKey(request, content), orderId, warehouseId, lines, holdMs };
}

export function readChange(kind: "commit" | "release", request: CommitRequest | ReleaseRequest): ReservationRequest {
  if (request.lines.length > 0) throw unsupported("single lines of a reservation");
  const { reservationId } = request;
  const reason = "reason" in request ? [String(request.reason)] : [];
  return { ...readKey(request, [kind, reservationId, ...reason]), reservationId };
}

/** Names hold no line ends, so lists of them joined by line ends are equal only if they are the same. */
function readKey(request: { requestId: string; dealerId: string }, content: readonly string[]): RequestKey {
  const { requestId, dealerId } = request;
  if (requestId === "" || dealerId === "") throw malformed("request_id and dealer_id must be set");
  return { dealerId, requestId, content: hash("sha256", content.join("\n"), "base64") };
}

function readLines(lines: readonly ReserveLine[]): readonly OrderLine[] {
  if (lines.length === 0 || lines.length > LINES_MAX) throw malformed(`lines must be 1 to ${LINES_MAX}`);
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) {
    if (sku === "" || quantity < 1n) throw malformed("a line takes a SKU and a quantity above 0");
    const sum = (quantities.get(sku) ?? 0) + Number(quantity);
    if (!Number.isSafeInteger(sum)) throw malformed("a quantity is too large");
    quantities.set(sku, sum);
  }
  return Array.from(quantities, ([sku, quantity]) => ({ sku, quantity }));
}

function malformed(message: string): UnfitRequest {
  return new UnfitRequest(message, { isSupported: true });
}

function unsupported(what: string): UnfitRequest {
  return new UnfitRequest(`the peers of the race do not do this: ${what}`, { isSupported: false });
}
