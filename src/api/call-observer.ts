/**
 * What telemetry hears at the edge. Without an observer the edge does nothing for it; an observer throws nothing and changes nothing.
 */
import type { Metadata, status } from "@grpc/grpc-js";
import type { CommandProbe } from "../actor/telemetry.js";
import type { Command } from "../domain/command.js";
import type { IncomingErpEvent } from "../domain/erp-event.js";

export interface CallObserver {
  /** A call has come. `method`: package.Service/Method. The handler sees the same `metadata`. `isStream`: either way. */
  callBegan(method: string, metadata: Metadata, isStream: boolean): CallObservation;
  /** What follows the command of a call; undefined where it is not traced. A stream may have many commands. */
  follow(metadata: Metadata | undefined, command: Command): CommandProbe | undefined;
  /** The same for an event of an ERP. */
  followEvent(metadata: Metadata | undefined, event: IncomingErpEvent): CommandProbe | undefined;
}

export interface CallObservation {
  /** It is over. `reason`: of a refusal, as in ErrorInfo; empty for none. A second call does nothing. */
  ended(code: status, reason: string): void;
}
