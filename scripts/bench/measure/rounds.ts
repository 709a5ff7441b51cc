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
  const [ofFirst, ofSecond] = await alternateAll(run, name, [first, second], addTurns);
  return { first: ofFirst!, second: ofSecond! };
}

/** The same for any number of sides; for each, one `sum` of its short turns for each round. */
export async function alternateAll<T>(
  run: BenchRun,
  name: string,
  sides: readonly ((round: number) => Promise<T>)[],
  sum: (turns: readonly T[]) => T,
): Promise<readonly (readonly T[])[]> {
  const rounds = sides.map((): T[] => []);
  const startedAtMs = performance.now();
  for (let round = 1; round <= run.rounds; round++) {
    const nowMs = performance.now();
    const isLate = nowMs - startedAtMs > run.roundsBudgetMs || nowMs > run.hurryAfterMs;
    if (round > ROUNDS_MIN && isLate) break;
    run.progress(`${name}: round ${round} of ${run.rounds}`);
    const turns = sides.map((): T[] => []);
    for (let turn = 0; turn < run.turnsPerRound; turn++) {
      for (const [at, takeTurn] of sides.entries()) turns[at]!.push(await takeTurn(round));
    }
    for (const [at, ofSide] of turns.entries()) rounds[at]!.push(sum(ofSide));
  }
  return rounds;
}
