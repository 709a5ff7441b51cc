/**
 * Rounds of two servers, or of two loads, in turn. A round is made of several short turns of each, because the speed of a
 * shared machine changes within seconds, and the two should meet the same weather.
 */
import type { BenchRun } from "./bench-run.js";
import { addTurns, type Turn } from "./turn.js";

/** Fewer would not make a median. */
export const ROUNDS_MIN = 5;

export interface Alternation {
  readonly name: string;
  /** Takes one turn; `round` counts from 1. */
  readonly first: (round: number) => Promise<Turn>;
  readonly second: (round: number) => Promise<Turn>;
}

export interface Rounds {
  readonly first: readonly Turn[];
  readonly second: readonly Turn[];
}

/** One turn for each round, the sum of its short ones. Ends early, after some rounds, when the time for it is over. */
export async function alternate(run: BenchRun, { name, first, second }: Alternation): Promise<Rounds> {
  const rounds: { first: Turn[]; second: Turn[] } = { first: [], second: [] };
  const startedAtMs = performance.now();
  for (let round = 1; round <= run.rounds; round++) {
    const nowMs = performance.now();
    const isLate = nowMs - startedAtMs > run.roundsBudgetMs || nowMs > run.hurryAfterMs;
    if (round > ROUNDS_MIN && isLate) break;
    run.progress(`${name}: round ${round} of ${run.rounds}`);
    const turns: { first: Turn[]; second: Turn[] } = { first: [], second: [] };
    for (let turn = 0; turn < run.turnsPerRound; turn++) {
      turns.first.push(await first(round));
      turns.second.push(await second(round));
    }
    rounds.first.push(addTurns(turns.first));
    rounds.second.push(addTurns(turns.second));
  }
  return rounds;
}
