/** Events that could not be taken, for a person to see to (docs/api.md, Dead letters). */

import type { IncomingErpEvent } from "../../../src/domain/erp-event.js";
import type { DropDeadLetter, ListDeadLetters, ReplayDeadLetter } from "../../../src/domain/erp-operations.js";
import { applyErpEvent, type ErpContext } from "./erp-rules.js";
import { show } from "./link-rules.js";
import type { ModelDeadLetter, ModelState } from "./model-state.js";
import { refused } from "./refused.js";
import type { Expected } from "./request.js";
import { isFaulty, remember, sourceNamed } from "./sequence-rules.js";

export function addDeadLetter(state: ModelState, event: IncomingErpEvent, reason: string, nowMs: number): void {
  const number = state.deadLetters.size + 1;
  state.deadLetters.set(number, { number, event, reason, createdAtMs: nowMs, state: "OPEN" });
}

/** Newest first. */
export function listDeadLetters(state: ModelState, { source, includeResolved }: ListDeadLetters): Expected {
  const letters = [...state.deadLetters.values()].filter(
    (letter) => (source === "" || letter.event.source === source) && (includeResolved || letter.state === "OPEN"),
  );
  return { kind: "answered", answer: { kind: "deadLetters", letters: letters.reverse() } };
}

/** As a late event: its source's sequence stays where it is, and it is no sign of life. */
export function replayDeadLetter(state: ModelState, command: ReplayDeadLetter, at: ErpContext): Expected {
  return resolve(state, command, "REPLAYED", ({ event }) => {
    if (isFaulty(event)) return event.fault;
    const rejection = applyErpEvent(state, event, { ...at, isLate: true });
    if (rejection !== undefined) return rejection;
    remember(sourceNamed(state, event.source), event);
    for (const source of state.sources.values()) show(state, source);
    return undefined;
  });
}

export function dropDeadLetter(state: ModelState, command: DropDeadLetter): Expected {
  return resolve(state, command, "DROPPED", () => undefined);
}

function resolve(
  state: ModelState,
  { number }: ReplayDeadLetter | DropDeadLetter,
  how: "REPLAYED" | "DROPPED",
  take: (letter: ModelDeadLetter) => string | undefined,
): Expected {
  const letter = state.deadLetters.get(number);
  if (letter === undefined) return refused("DEAD_LETTER_NOT_FOUND");
  if (letter.state !== "OPEN" && letter.state !== how) return refused(`DEAD_LETTER_${letter.state}`);
  if (letter.state === "OPEN") {
    const why = take(letter);
    if (why !== undefined) return { kind: "refused", reasons: ["DEAD_LETTER_REFUSED"], names: [why] };
    state.effects += 1;
    state.deadLetters.set(number, { ...letter, state: how });
  }
  return { kind: "answered", answer: { kind: "deadLetter", letter: state.deadLetters.get(number)! } };
}
