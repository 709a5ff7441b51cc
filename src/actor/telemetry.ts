/**
 * What telemetry hears of the engine. Listeners take the time by their own clock, throw nothing and change nothing; without one, the
 * engine does nothing for telemetry. Only the few commands that are traced have a probe.
 */

/** Follows one traced command, from its queue to its answer. Its methods are called in this order; of an aborted command only the last. */
export interface CommandProbe {
  /** Its turn has come: what is decided about it follows. */
  decideBegan(): void;
  decideEnded(): void;
  /** Its outcome waits for this append. Not called when everything that its decision saw was durable already. */
  waitsFor(append: AppendObservation): void;
  /** The outcome is durable, and is on its way to the caller. */
  settled(): void;
}

export interface EngineTelemetry {
  turnBegan(): void;
  turnEnded(turn: { readonly commands: number; readonly inboxDepth: number }): void;
  /** A block goes to the journal; the probes of commands that wait for it. */
  appendBegan(block: {
    readonly bytes: number;
    readonly records: number;
    readonly tasks: number;
    readonly probes: readonly CommandProbe[];
  }): AppendObservation;
}

/** One append, shared by all who wait for its block. */
export interface AppendObservation {
  /** The block is durable. Not called when the append fails: then the engine is over. */
  durable(): void;
}
