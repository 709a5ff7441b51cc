/** How exactly dealers are told in the policies of a run, in turns: nothing is drawn for it, so that all else of a seed stays as it was. */
import type { PolicyFields } from "../../src/domain/policy.js";

const TURNS: readonly PolicyFields[] = [
  {},
  { availabilityPrecision: "CAPPED", availabilityCap: 2 },
  { availabilityPrecision: "LEVEL" },
  { availabilityCap: 4 },
  { availabilityPrecision: "EXACT" },
  { availabilityPrecision: "CAPPED" },
];

export class PrecisionTurns {
  #taken = 0;

  next(): PolicyFields {
    return TURNS[this.#taken++ % TURNS.length]!;
  }
}
