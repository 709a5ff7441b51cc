/** Dispatches that matched nothing, wholly or in part: listed for a person, and attached to the reservation that they were for. */
import { warehouseNotFound } from "../actor/handlers/dealer-warehouse.js";
import { eventBytes, newestFirst } from "../actor/newest-first.js";
import { decodePageToken, encodePageToken, invalidPageToken } from "../actor/page-token.js";
import type { Turn } from "../actor/turn.js";
import { decideAttachDispatch } from "../domain/decide/attach-dispatch.js";
import type { AttachDispatch, ErpOperationAnswers, ListDispatchExceptions } from "../domain/erp-operations.js";
import type { StoredException } from "../domain/partition-state.js";
import type { Refusal } from "../domain/refusal.js";
import { parseReservationId } from "../domain/reservation-id.js";
import type { PartitionStore } from "../snapshots/partition-store.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

const TOKEN = "exceptions";

export function listDispatchExceptions(
  turn: Turn,
  command: ListDispatchExceptions,
): Result<ErpOperationAnswers["ListDispatchExceptions"]> {
  const partition = partitionOf(turn, command.warehouseId);
  if (partition === undefined) return { refusal: warehouseNotFound(command.warehouseId) };
  const stock = command.sku === "" ? undefined : partition.stocks.find(command.sku);
  if (command.sku !== "" && stock === undefined) return { answer: { exceptions: [], nextPageToken: "" } };
  const newest = stock?.newestException ?? partition.exceptions.count;
  const start = command.pageToken === "" ? [newest] : decodePageToken(TOKEN, command.pageToken, 1);
  if (start === undefined || !isPlace(partition, start[0]!, stock?.number)) return { refusal: invalidPageToken() };
  const { items, next } = newestFirst<StoredException>({
    from: start[0]!,
    pageSize: command.pageSize,
    read: (number) => partition.exceptions.peek(number),
    next: ({ number, previousOfStock }) => (stock === undefined ? number - 1 : previousOfStock),
    wants: ({ quantity, attached }) => command.includeResolved || attached < quantity,
    bytesOf: ({ event }) => eventBytes(event),
  });
  return { answer: { exceptions: items, nextPageToken: next === 0 ? "" : encodePageToken(TOKEN, [next]) } };
}

/** Whether a page can begin here: anywhere, or at an exception of this stock. 0 is the end of an empty list. */
function isPlace(partition: PartitionStore, number: number, stock: number | undefined): boolean {
  if (number === 0) return true;
  const exception = partition.exceptions.peek(number);
  return exception !== undefined && (stock === undefined || exception.stock === stock);
}

export function attachDispatch(turn: Turn, command: AttachDispatch): Result<StoredException> {
  const partition = partitionOf(turn, command.warehouseId);
  if (partition === undefined) return { refusal: warehouseNotFound(command.warehouseId) };
  const parts = parseReservationId(command.reservationId, (epoch) => turn.system.nonce(epoch));
  const number = parts?.partition === partition.partition ? parts.number : 0;
  const decided = decideAttachDispatch(partition, number, command);
  if ("reason" in decided) return { refusal: decided };
  if (decided.length > 0) turn.record(partition, decided);
  return { answer: partition.exceptions.get(command.exception)! };
}

function partitionOf(turn: Turn, warehouseId: string): PartitionStore | undefined {
  const number = turn.system.partition(warehouseId);
  return number === undefined ? undefined : turn.store.partition(number);
}
