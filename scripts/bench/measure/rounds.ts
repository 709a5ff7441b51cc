/** Repeats a round: often, because shared machines are noisy, but not for longer than there is time. */
import type { BenchRun } from "./bench-run.js";

/** Fewer would not make a median. */
export const ROUNDS_MIN = 5;

export async function repeatRounds(
  run: BenchRun,
  name: string,
  round: (number: number) => Promise<void>,
): Promise<void> {
  const startedAtMs = performance.now();
  for (let number = 1; number <= run.rounds; number++) {
    if (number > ROUNDS_MIN && performance.now() - startedAtMs > run.roundsBudgetMs) return;
    run.progress(`${name}: round ${number} of ${run.rounds}`);
    await round(number);
  }
}
