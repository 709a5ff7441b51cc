import type { PartitionEvent } from "../event.js";
import { type ConsumedUnits, type Movement, walkMovements } from "../movement.js";
import type { PartitionState, StoredException } from "../partition-state.js";
import { isOpen } from "../reservation.js";
import type { Stock } from "../stock.js";

export interface Reversal {
  readonly deltas: { readonly onHandDelta: number; readonly unavailableDelta: number; readonly allocatedDelta: number };
  /** Number of the movement that is undone. */
  readonly reverses: number;
  readonly events: readonly PartitionEvent[];
}

/**
 * Undoes an earlier event of the same source and stock: its effect, for a count its difference. The units of a dispatch are committed
 * again, under a successor where their reservation has ended. Otherwise the reason why it cannot be undone.
 */
export function decideReversal(
  state: PartitionState,
  stock: Stock,
  source: string,
  eventId: string,
  epoch: number,
): Reversal | string {
  const reversed = new Set<number>();
  let found: Movement | undefined;
  const end = walkMovements(state, stock, (movement) => {
    if (movement.reverses !== 0) reversed.add(movement.reverses);
    if (movement.source === source && movement.eventId === eventId) found = movement;
    return found === undefined;
  });
  if (found === undefined) return end === "forgotten" ? "EVENT_TOO_OLD" : "EVENT_NOT_FOUND";
  if (reversed.has(found.number)) return "ALREADY_REVERSED";
  // What an order's end freed may be somebody else's by now, and a reversal is undone by the event itself, sent anew.
  if (found.kind === "closed" || found.kind === "reversed") return "NOT_REVERSIBLE";
  const { unavailableDelta, allocatedDelta } = found;
  const exception = found.exception === 0 ? undefined : state.exceptions.get(found.exception);
  const consumed = [...found.consumed, ...(exception?.attachments ?? [])];
  return {
    deltas: {
      onHandDelta: minus(onHandEffect(found, exception)),
      unavailableDelta: minus(unavailableDelta),
      allocatedDelta: minus(allocatedDelta),
    },
    reverses: found.number,
    events: [...returnUnits(state, consumed, epoch), ...settle(exception, source)],
  };
}

/**
 * What the event did to on_hand in its source's books. A dispatch that came late did nothing to it here where a count had seen it by then;
 * what comes back is there all the same. All of its units are somebody's or unmatched, where it named an order.
 */
function onHandEffect({ kind, consumed, onHandDelta }: Movement, exception: StoredException | undefined): number {
  if (kind !== "dispatched" || (consumed.length === 0 && exception === undefined)) return onHandDelta;
  return -consumed.reduce((sum, { quantity }) => sum + quantity, exception?.quantity ?? 0);
}

/** Never -0, which is not 0 to everyone. */
function minus(value: number): number {
  return value === 0 ? 0 : -value;
}

function returnUnits(
  state: PartitionState,
  consumed: readonly ConsumedUnits[],
  epoch: number,
): readonly PartitionEvent[] {
  const events: PartitionEvent[] = [];
  let number = state.reservations.count;
  for (const { reservation, line, quantity } of consumed) {
    const owner = state.reservations.get(reservation)!;
    if (isOpen(owner.state)) {
      events.push({ kind: "UnitsReturned", reservation, line, quantity });
      continue;
    }
    number += 1;
    const quantities = owner.lines.map((_, index) => (index === line ? quantity : 0));
    events.push({ kind: "ReservationReopened", reservation: number, epoch, ended: reservation, quantities });
  }
  return events;
}

/** What of the dispatch had matched nothing needs no person any more. */
function settle(exception: StoredException | undefined, source: string): readonly PartitionEvent[] {
  const quantity = exception === undefined ? 0 : exception.quantity - exception.attached;
  if (exception === undefined || quantity === 0) return [];
  const attribution = { actor: source, reason: "the dispatch was reversed" };
  return [{ kind: "DispatchAttached", exception: exception.number, reservation: 0, line: 0, quantity, attribution }];
}
