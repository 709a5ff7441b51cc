/**
 * Idempotency (P5): the first answer to (dealer, request id) in a warehouse is given again for the same content; other content is
 * refused; errors are not remembered; what is within retention is never dropped, and at the bound new requests are refused.
 */
import type { Commit, Extend, Release, Reserve } from "../../../src/domain/command.js";
import type { ModelState } from "./model-state.js";
import { longestHoldMs } from "./policy-rules.js";
import type { Expected, ExpectedAnswer } from "./request.js";

export type Mutation = Reserve | Commit | Release | Extend;

function key(warehouseId: string, command: Mutation): string {
  return `${warehouseId}\n${command.dealerId}\n${command.requestId}`;
}

/** The method and the request's fields, in a fixed order. */
function content(command: Mutation): string {
  const fields = Object.entries(command).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(fields);
}

export function retentionMs(state: ModelState): number {
  return Math.max(state.settings.answerRetentionMs, longestHoldMs(state));
}

/** The first answer, a refusal of other content, or undefined: the request is new there. */
export function recall(state: ModelState, nowMs: number, warehouseId: string, command: Mutation): Expected | undefined {
  forgetOld(state, nowMs);
  const remembered = state.answers.get(key(warehouseId, command));
  if (remembered === undefined) return undefined;
  if (remembered.content !== content(command)) return { kind: "refused", reasons: ["REQUEST_ID_REUSED"], names: [] };
  return { kind: "answered", answer: remembered.answer };
}

/**
 * Only what is within retention counts. The service lets go of older answers in bulk and may refuse for longer: a world that
 * comes to the bound and passes the retention will see differences that are none.
 */
export function isFull(state: ModelState): boolean {
  return state.answers.size >= state.settings.answersMax;
}

export function remember(
  state: ModelState,
  at: { readonly nowMs: number; readonly warehouseId: string },
  command: Mutation,
  answer: ExpectedAnswer,
): Expected {
  state.effects += 1;
  state.answers.set(key(at.warehouseId, command), { content: content(command), answer, atMs: at.nowMs });
  return { kind: "answered", answer };
}

function forgetOld(state: ModelState, nowMs: number): void {
  const newestMs = nowMs - retentionMs(state);
  for (const [name, remembered] of state.answers) {
    if (remembered.atMs > newestMs) return;
    state.answers.delete(name);
  }
}
