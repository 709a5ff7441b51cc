/**
 * Is there one order of these operations, each between its call and its answer, in which a single counter explains every answer (I7)?
 * The search of Wing and Gong with remembered dead ends, for the history of one stock.
 */
export type Operation = {
  /** Ticks of one logical clock: an operation that was answered before another was called comes before it. */
  readonly calledAt: number;
  readonly answeredAt: number;
} & Effect;

export type Effect =
  | { readonly kind: "reserved"; readonly quantity: number }
  /** A rejection names what was available, which was too little. */
  | { readonly kind: "rejected"; readonly quantity: number; readonly available: number }
  | { readonly kind: "released"; readonly quantity: number }
  | { readonly kind: "received"; readonly quantity: number }
  | { readonly kind: "read"; readonly available: number };

/** An order that explains the history, as indexes into it; undefined where there is none. */
export function linearise(history: readonly Operation[], availableAtFirst: number): readonly number[] | undefined {
  const deadEnds = new Set<string>();
  const order: number[] = [];
  const taken = new Array<boolean>(history.length).fill(false);

  const search = (available: number): boolean => {
    if (order.length === history.length) return true;
    const state = `${available}|${taken.map((is) => (is ? 1 : 0)).join("")}`;
    if (deadEnds.has(state)) return false;
    for (const index of candidates(history, taken)) {
      const next = after(available, history[index]!);
      if (next === undefined) continue;
      taken[index] = true;
      order.push(index);
      if (search(next)) return true;
      order.pop();
      taken[index] = false;
    }
    deadEnds.add(state);
    return false;
  };

  return search(availableAtFirst) ? order : undefined;
}

/** What may come next: whatever was called before the first answer of those that are left. */
function candidates(history: readonly Operation[], taken: readonly boolean[]): readonly number[] {
  let firstAnswer = Number.POSITIVE_INFINITY;
  for (const [index, { answeredAt }] of history.entries()) {
    if (!taken[index]) firstAnswer = Math.min(firstAnswer, answeredAt);
  }
  return history.flatMap(({ calledAt }, index) => (!taken[index] && calledAt < firstAnswer ? [index] : []));
}

/** What is available after an operation; undefined where its answer contradicts what was available before. */
function after(available: number, operation: Effect): number | undefined {
  switch (operation.kind) {
    case "reserved":
      return operation.quantity <= available ? available - operation.quantity : undefined;
    case "rejected":
      return operation.available === available && operation.quantity > available ? available : undefined;
    case "released":
    case "received":
      return available + operation.quantity;
    case "read":
      return operation.available === available ? available : undefined;
  }
}
