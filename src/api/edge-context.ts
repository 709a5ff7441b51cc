import type { ServicePorts } from "../actor/service.js";
import { EDGE_LIMITS, type EdgeLimits } from "../limits.js";
import type { CallObserver } from "./call-observer.js";
import { OpenStreams } from "./open-streams.js";
import type { OnFailure } from "./unary.js";

/** What every service is given, and what the servers of one process share: they have one bound on open streams. */
export interface EdgeContext {
  readonly ports: ServicePorts;
  readonly streams: OpenStreams;
  readonly limits: EdgeLimits;
  readonly onFailure: OnFailure;
  readonly observer: CallObserver | undefined;
}

export interface EdgeOptions {
  readonly ports: ServicePorts;
  readonly log: { error(fields: object, message: string): void };
  /** Other bounds than EDGE_LIMITS has. */
  readonly limits?: Partial<EdgeLimits>;
  readonly observer?: CallObserver | undefined;
}

export function edgeContext({ ports, log, ...options }: EdgeOptions): EdgeContext {
  const limits: EdgeLimits = { ...EDGE_LIMITS, ...options.limits };
  return {
    ports,
    limits,
    observer: options.observer,
    streams: new OpenStreams(limits.streamsMax),
    onFailure: (cause) => log.error({ err: cause }, "a call failed"),
  };
}
