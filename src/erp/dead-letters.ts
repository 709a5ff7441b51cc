/** Events that could not be taken, for a person to see to: listed, taken after all as late ones, or dropped. */

import { eventBytes, newestFirst } from "../actor/newest-first.js";
import { decodePageToken, encodePageToken, invalidPageToken } from "../actor/page-token.js";
import type { Turn } from "../actor/turn.js";
import type {
  DropDeadLetter,
  ErpOperationAnswers,
  ListDeadLetters,
  ReplayDeadLetter,
} from "../domain/erp-operations.js";
import { type Refusal, refusal } from "../domain/refusal.js";
import type { DeadLetter } from "../domain/system-state.js";
import { replayEvent } from "./ingest.js";

type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

const TOKEN = "dead-letters";

export function listDeadLetters(turn: Turn, command: ListDeadLetters): Result<ErpOperationAnswers["ListDeadLetters"]> {
  const { deadLetters } = turn.system.tables;
  const start = command.pageToken === "" ? [deadLetters.count] : decodePageToken(TOKEN, command.pageToken, 1);
  if (start === undefined || start[0]! > deadLetters.count) return { refusal: invalidPageToken() };
  const { items, next } = newestFirst({
    from: start[0]!,
    pageSize: command.pageSize,
    read: (number) => deadLetters.get(number),
    next: ({ number }) => number - 1,
    wants: ({ event, state }) =>
      (command.source === "" || event.source === command.source) && (command.includeResolved || state === "OPEN"),
    bytesOf: ({ event }) => eventBytes(event),
  });
  return { answer: { letters: items, nextPageToken: next === 0 ? "" : encodePageToken(TOKEN, [next]) } };
}

/**
 * Takes the event as one that comes late: its source's sequence stays where it is. What still cannot be taken is refused
 * and changes nothing; an operator's word goes before the bound of quantities.
 */
export function replayDeadLetter(turn: Turn, command: ReplayDeadLetter): Result<DeadLetter> {
  return resolve(turn, command, "REPLAYED", (letter) => {
    const reason = replayEvent(turn, letter.event);
    return reason === undefined ? undefined : stillRefused(letter, reason);
  });
}

export function dropDeadLetter(turn: Turn, command: DropDeadLetter): Result<DeadLetter> {
  return resolve(turn, command, "DROPPED", () => undefined);
}

/** The same resolution again is answered and changes nothing; another one is refused. */
function resolve(
  turn: Turn,
  { number, attribution }: ReplayDeadLetter | DropDeadLetter,
  how: "REPLAYED" | "DROPPED",
  take: (letter: DeadLetter) => Refusal | undefined,
): Result<DeadLetter> {
  const { deadLetters } = turn.system.tables;
  const letter = deadLetters.get(number);
  if (letter === undefined) return { refusal: notFound(number) };
  if (letter.state === how) return { answer: letter };
  if (letter.state !== "OPEN") return { refusal: resolvedOtherwise(letter, letter.state) };
  const refused = take(letter);
  if (refused !== undefined) return { refusal: refused };
  turn.recordSystem([{ kind: "DeadLetterResolved", number, how, attribution }]);
  return { answer: deadLetters.get(number)! };
}

function notFound(number: number): Refusal {
  return refusal("DEAD_LETTER_NOT_FOUND", `There is no dead letter ${number}.`, {
    metadata: { number: String(number) },
  });
}

function resolvedOtherwise({ number }: DeadLetter, state: "REPLAYED" | "DROPPED"): Refusal {
  return refusal(`DEAD_LETTER_${state}`, `Dead letter ${number} was ${state.toLowerCase()} before.`, {
    metadata: { number: String(number), state },
  });
}

function stillRefused({ number, event }: DeadLetter, why: string): Refusal {
  return refusal("DEAD_LETTER_REFUSED", `The event of dead letter ${number} still cannot be taken: ${why}.`, {
    metadata: { number: String(number), source: event.source, sequence: String(event.sequence), why },
  });
}
