/** The newest samples of a duration, for percentiles over the last minutes: exact, and bounded by number. */
const SAMPLES_MAX = 10_000;
const WINDOW_MS = 300_000;

export class LatencyWindow {
  readonly #values = new Float64Array(SAMPLES_MAX);
  readonly #times = new Float64Array(SAMPLES_MAX).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  note(nowMs: number, valueMs: number): void {
    this.#values[this.#next] = valueMs;
    this.#times[this.#next] = nowMs;
    this.#next = (this.#next + 1) % SAMPLES_MAX;
  }

  /** Percentiles of what was noted within the window; 0 without a sample. */
  read(nowMs: number): { readonly p50Ms: number; readonly p99Ms: number; readonly samples: number } {
    const within = this.#values.filter((_, index) => this.#times[index]! > nowMs - WINDOW_MS).sort();
    const at = (part: number) => within[Math.min(within.length - 1, Math.floor(within.length * part))] ?? 0;
    return { p50Ms: at(0.5), p99Ms: at(0.99), samples: within.length };
  }
}

/** What is timed of the ERP side in this process. */
export class SyncMeters {
  /** From when it happened, by the ERP's clock, to in effect and durable here. */
  readonly occurredToApplied = new LatencyWindow();
  /** From its arrival to in effect and durable. */
  readonly receivedToApplied = new LatencyWindow();
  /** Answers of ERPs that are polled, as their connectors report them. */
  readonly erpResponse = new LatencyWindow();
}
