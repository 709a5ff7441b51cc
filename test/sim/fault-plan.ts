/**
 * How hostile one world is, drawn from its seed. Most kinds of fault are off in any one world, so that some worlds go deep
 * in calm water and others drown in one kind. Chances are in a thousand.
 */
import type { SeededRandom } from "../journal/seeded-random.js";

export interface FaultPlan {
  /** For each disk operation. */
  readonly diskError: number;
  readonly diskShort: number;
  /** For each operation on pages. */
  readonly pageError: number;
  /** For each timer. */
  readonly timerFault: number;
  /** For each move of the world. */
  readonly crash: number;
  readonly kill: number;
  readonly stop: number;
  readonly stall: number;
  readonly wallJump: number;
  readonly pageDamage: number;
  readonly noSpace: number;
  /** No fault, but it meets all the others. */
  readonly backup: number;
  /** For each start after a crash. */
  readonly bitFlip: number;
  readonly batchesLost: number;
  readonly slowStart: number;
  /** For each move: an ERP goes away for a while. */
  readonly outage: number;
  /** For each message between an ERP and the service. */
  readonly erpFault: number;
  /** Disk operations take up to this long, microseconds. */
  readonly diskLatencyUs: number;
  /** Time between two moves of the world, on average, microseconds. */
  readonly paceUs: number;
}

export const NO_FAULTS: FaultPlan = {
  diskError: 0,
  diskShort: 0,
  pageError: 0,
  timerFault: 0,
  crash: 0,
  kill: 0,
  stop: 0,
  stall: 0,
  wallJump: 0,
  pageDamage: 0,
  noSpace: 0,
  backup: 0,
  bitFlip: 0,
  batchesLost: 0,
  slowStart: 0,
  outage: 0,
  erpFault: 0,
  diskLatencyUs: 200,
  paceUs: 500,
};

export function drawFaultPlan(random: SeededRandom): FaultPlan {
  const sometimes = (chance: number, perThousandMax: number) =>
    random.chance(chance) ? 1 + random.below(perThousandMax) : 0;
  return {
    diskError: sometimes(0.35, 6),
    diskShort: sometimes(0.4, 30),
    pageError: sometimes(0.25, 6),
    timerFault: sometimes(0.5, 300),
    crash: sometimes(0.7, 25),
    kill: sometimes(0.4, 15),
    stop: sometimes(0.4, 10),
    stall: sometimes(0.3, 10),
    wallJump: sometimes(0.4, 15),
    pageDamage: sometimes(0.4, 15),
    noSpace: sometimes(0.25, 6),
    backup: sometimes(0.5, 12),
    bitFlip: sometimes(0.5, 500),
    batchesLost: sometimes(0.4, 500),
    slowStart: sometimes(0.3, 300),
    outage: sometimes(0.6, 12),
    erpFault: sometimes(0.7, 250),
    diskLatencyUs: random.pick([20, 200, 2_000]),
    paceUs: random.pick([50, 300, 1_500]),
  };
}
