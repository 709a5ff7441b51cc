/**
 * The history of a stock's own figures: what each ERP event, and each healed drift, did to them. Chained per stock, newest first,
 * kept for a bounded time. It says what an event is reversed by, what the figures were at a past sequence of their source, and
 * whether anything newer than a late event has made it void.
 */
import type { PartitionState } from "./partition-state.js";
import { LAST_EVENTS_MAX, type Stock } from "./stock.js";

export type MovementKind = "moved" | "counted" | "dispatched" | "closed" | "reversed" | "healed";

/** Units of one reservation's line that a dispatch consumed. */
export interface ConsumedUnits {
  readonly reservation: number;
  /** Index of the line in its reservation. */
  readonly line: number;
  readonly quantity: number;
}

export interface Movement {
  /** 1, 2, 3 ... in the partition. */
  readonly number: number;
  readonly stock: number;
  readonly kind: MovementKind;
  readonly source: string;
  /** Of its event; of a healed drift, the sequence that the position was true at. */
  readonly sequence: number;
  /** Of a healed drift, the run's id. */
  readonly eventId: string;
  readonly timeMs: number;
  readonly onHandDelta: number;
  readonly unavailableDelta: number;
  readonly allocatedDelta: number;
  readonly consumed: readonly ConsumedUnits[];
  /** Number of the exception that the rest of a dispatch became; 0 for none. */
  readonly exception: number;
  /** It was taken after events with higher sequences: after a skip, from the dead letters, or as a healed drift. */
  readonly isLate: boolean;
  /** Number of the movement that this one undoes; 0 for none. */
  readonly reverses: number;
  /** The stock's movement before this one; 0 for the first. */
  readonly previous: number;
}

/** Movements that one decision looks at. A stock with more in the meantime is beyond what is remembered. */
const WALKED_MAX = 20_000;

/** How a walk through a stock's history ended: at its beginning, or where nothing is remembered any more. */
export type WalkEnd = "beginning" | "forgotten";

/** A stock's movements, newest first, until `visit` says stop by returning false. */
export function walkMovements(
  state: PartitionState,
  stock: Stock,
  visit: (movement: Movement) => boolean,
): WalkEnd | "stopped" {
  let walked = 0;
  for (let number = stock.newestMovement; number !== 0; walked++) {
    const movement = walked < WALKED_MAX ? state.movements.get(number) : undefined;
    if (movement === undefined) return "forgotten";
    if (!visit(movement)) return "stopped";
    number = movement.previous;
  }
  return "beginning";
}

/** A stock's own figures after all events of its source up to a sequence. */
export interface FiguresAt {
  readonly onHand: number;
  readonly unavailable: number;
  /** The stock was counted or healed after that sequence: what was on hand then says nothing of now. */
  readonly isSuperseded: boolean;
  /** It was healed after that sequence: what was unavailable then says nothing of now either. */
  readonly isHealed: boolean;
}

/**
 * What our figures were at a sequence of the stock's source, late events below it included; undefined where that is older than what
 * is remembered. Events of a source are taken in sequence but for the late ones, so the walk ends at the first that is in time.
 */
export function figuresAt(
  state: PartitionState,
  stock: Stock,
  source: string,
  sequence: number,
): FiguresAt | undefined {
  let { onHand, unavailable } = stock;
  if (isAllBefore(stock, source, sequence)) return { onHand, unavailable, isSuperseded: false, isHealed: false };
  let isSuperseded = false;
  let isHealed = false;
  const end = walkMovements(state, stock, (movement) => {
    // An earlier source of record: what stands here is what the move began with.
    if (movement.source !== source) return false;
    if (movement.sequence <= sequence) return movement.isLate;
    onHand -= movement.onHandDelta;
    unavailable -= movement.unavailableDelta;
    isHealed ||= movement.kind === "healed";
    isSuperseded ||= isHealed || movement.kind === "counted";
    return true;
  });
  return end === "forgotten" ? undefined : { onHand, unavailable, isSuperseded, isHealed };
}

/**
 * Whether there was nothing of a stock after any event of its source from a sequence on, late ones taken where they belong; undefined
 * where that is older than what is remembered.
 */
export function hadNothingSince(
  state: PartitionState,
  stock: Stock,
  source: string,
  sequence: number,
): boolean | undefined {
  let { onHand, unavailable } = stock;
  const since: Movement[] = [];
  const end = walkMovements(state, stock, (movement) => {
    if (movement.source !== source) return false;
    if (movement.sequence <= sequence) return movement.isLate;
    onHand -= movement.onHandDelta;
    unavailable -= movement.unavailableDelta;
    since.push(movement);
    return true;
  });
  if (end === "forgotten") return undefined;
  if (onHand === 0 && unavailable === 0) return true;
  since.sort((one, other) => one.sequence - other.sequence || one.number - other.number);
  return since.some((movement) => {
    onHand += movement.onHandDelta;
    unavailable += movement.unavailableDelta;
    return onHand === 0 && unavailable === 0;
  });
}

/** Whether everything that ever happened to the stock is still with it, and is of this source and up to this sequence. */
function isAllBefore({ lastEvents }: Stock, source: string, sequence: number): boolean {
  if (lastEvents.length === LAST_EVENTS_MAX) return false;
  return lastEvents.every((event) => event.source === source && event.sequence <= sequence);
}
