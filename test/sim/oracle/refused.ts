import type { RefusalReason } from "../../../src/domain/refusal.js";
import type { Expected } from "./request.js";

/** A refusal for this reason, or one of the others where docs/api.md leaves open which goes first. */
export function refused(reason: RefusalReason, others: readonly RefusalReason[] = []): Expected {
  return { kind: "refused", reasons: [reason, ...others], names: [] };
}
