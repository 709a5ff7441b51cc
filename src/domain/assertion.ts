/** A broken invariant: a bug, never a caller's fault. On in production; whoever holds the state stops and starts again from the truth. */
export class AssertionFailed extends Error {
  override readonly name = "AssertionFailed";
}

/** Throws AssertionFailed unless `condition` holds; the message names the invariant by its number in docs/architecture.md. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}
