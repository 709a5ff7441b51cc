/** What every part of a simulated world shares. */
import type { SeededRandom } from "../journal/seeded-random.js";
import type { Coverage } from "./coverage.js";
import type { FaultPlan } from "./fault-plan.js";
import type { VirtualTime } from "./virtual-time.js";

export interface SimulationContext {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  /** NO_FAULTS once faults have stopped. */
  faults: FaultPlan;
  /** Adds a line to the history, which the digest is made of. */
  note(line: string): void;
}

/** The world met something that must not be. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** An error and what caused it, in one line. */
export function describe(cause: unknown): string {
  const parts: string[] = [];
  for (let one: unknown = cause; one !== undefined; one = one instanceof Error ? one.cause : undefined) {
    parts.push(one instanceof Error ? `${one.name}: ${one.message}` : String(one));
  }
  return parts.join(" <- ");
}
