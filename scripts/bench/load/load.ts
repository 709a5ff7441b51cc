/** What keeps a server at work until it is told to stop. */
export interface Load {
  /** Calls, or messages of a stream, that were answered since this was made. */
  readonly answered: number;
  /** Begins, or goes on after a stop. With a limit, stops sending by itself after that many more. */
  start(limit?: number): void;
  /** Stops sending; resolves when everything sent is answered. */
  stop(): Promise<void>;
  /** Resolves when everything up to the limit of `start` is answered. */
  finished(): Promise<void>;
}
