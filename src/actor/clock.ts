/** Time and scheduling as the engine sees them: injected, so that a simulation can own them. */
export interface Clock {
  /** The wall clock, milliseconds since the Unix epoch. It may jump. */
  wallMs(): number;
  /** Milliseconds since some fixed moment. It never jumps and counts while the process is stopped. */
  monotonicMs(): number;
}

export interface Timer {
  cancel(): void;
}

export interface Timers {
  after(delayMs: number, callback: () => void): Timer;
}

export interface Scheduler {
  /** Runs the callback soon, after the input that is ready now has been read. */
  soon(callback: () => void): void;
}
