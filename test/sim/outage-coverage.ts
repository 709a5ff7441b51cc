/** Counts what outages of ERPs bring about, as the oracle sees it. */
import type { Coverage } from "./coverage.js";
import type { TurnSeen } from "./oracle/turn-rules.js";

export class OutageCoverage {
  readonly #coverage: Coverage;
  /** Sources that are lost, and whether a process has ended since. */
  readonly #lost = new Map<string, { hasRestarted: boolean }>();

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  restarted(): void {
    for (const source of this.#lost.values()) source.hasRestarted = true;
  }

  turn({ lost, back, skipped, steps, confirmed }: TurnSeen): void {
    const coverage = this.#coverage;
    for (const source of lost) {
      coverage.count("a source was lost");
      this.#lost.set(source, { hasRestarted: false });
    }
    for (const source of back) {
      coverage.count("a source was back");
      if (this.#lost.get(source)?.hasRestarted) coverage.count("a source was lost and came back across a crash");
      this.#lost.delete(source);
    }
    coverage.count("the buffer took its sixth step", steps.filter((step) => step === 6).length);
    coverage.count("a gap was skipped by policy", skipped.length);
    coverage.count("a provisional order was confirmed", confirmed);
  }
}
