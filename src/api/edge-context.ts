import type { ServicePorts } from "../actor/service.js";
import type { EdgeLimits } from "../limits.js";
import type { OpenStreams } from "./open-streams.js";
import type { OnFailure } from "./unary.js";

/** What every service of one server is given. */
export interface EdgeContext {
  readonly ports: ServicePorts;
  readonly streams: OpenStreams;
  readonly limits: EdgeLimits;
  readonly onFailure: OnFailure;
}
