/** What an attack is: something that many or hostile callers do to a server for a while. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  /** Length of an attack that has no end of its own. */
  readonly durationMs: number;
  /** How many of what an attack has many of, for 1; less where the run is a quick one. */
  readonly scale: number;
}

export interface Attack {
  readonly name: string;
  /** Attacks until it is done, lets go of everything, and says how the attacker was treated. */
  readonly run: (target: Target) => Promise<string>;
}
