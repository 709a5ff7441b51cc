/** Times every call and counts refusals, and hands those that are traced to the tracer. */
import { type Metadata, status } from "@grpc/grpc-js";
import type { Attributes, Counter, Histogram, Meter, Span } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_RESPONSE_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  METRIC_RPC_SERVER_CALL_DURATION,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from "@opentelemetry/semantic-conventions/incubating";
import type { CallObservation, CallObserver } from "../api/call-observer.js";
import type { Command } from "../domain/command.js";
import type { IncomingErpEvent } from "../domain/erp-event.js";
import type { CallTracer } from "./call-tracer.js";
import { SECONDS } from "./histogram-bounds.js";
import { ATTRIBUTES, METRICS } from "./names.js";

export class CallMeter implements CallObserver {
  readonly #tracer: CallTracer | undefined;
  readonly #duration: Histogram;
  readonly #refusals: Counter;
  /** The attributes of each method and status, made once. */
  readonly #attributes = new Map<string, Attributes[]>();

  constructor(meter: Meter, tracer: CallTracer | undefined) {
    this.#tracer = tracer;
    this.#duration = meter.createHistogram(METRIC_RPC_SERVER_CALL_DURATION, {
      description: "Time from a call's arrival to its status.",
      unit: "s",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.#refusals = meter.createCounter(METRICS.refusals, {
      description: "Calls that ended with a refusal, by the reason in their ErrorInfo.",
      unit: "{call}",
    });
  }

  callBegan(method: string, metadata: Metadata, isStream: boolean): CallObservation {
    return new ObservedCall(this, method, isStream, this.#tracer?.begin(method, metadata, isStream));
  }

  follow(metadata: Metadata | undefined, command: Command) {
    return this.#tracer?.follow(metadata, command);
  }

  followEvent(metadata: Metadata | undefined, event: IncomingErpEvent) {
    return this.#tracer?.followEvent(metadata, event);
  }

  ended(call: ObservedCall, code: status, reason: string): void {
    if (call.span !== undefined) this.#tracer?.end(call.span, code, reason);
    if (reason !== "") this.#refusals.add(1, { [ATTRIBUTES.reason]: reason, [ATTR_RPC_METHOD]: call.method });
    // How long a stream was open says nothing of how fast anything is.
    if (!call.isStream) {
      this.#duration.record((performance.now() - call.beganAt) / 1_000, this.#attributesOf(call.method, code));
    }
  }

  #attributesOf(method: string, code: status): Attributes {
    let byCode = this.#attributes.get(method);
    if (byCode === undefined) {
      byCode = [];
      this.#attributes.set(method, byCode);
    }
    byCode[code] ??= {
      [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC,
      [ATTR_RPC_METHOD]: method,
      [ATTR_RPC_RESPONSE_STATUS_CODE]: status[code] ?? "UNKNOWN",
      ...(code === status.OK ? {} : { [ATTR_ERROR_TYPE]: status[code] ?? "UNKNOWN" }),
    };
    return byCode[code];
  }
}

class ObservedCall implements CallObservation {
  readonly beganAt = performance.now();
  readonly method: string;
  readonly isStream: boolean;
  readonly span: Span | undefined;
  readonly #meter: CallMeter;
  #isOver = false;

  constructor(meter: CallMeter, method: string, isStream: boolean, span: Span | undefined) {
    this.#meter = meter;
    this.method = method;
    this.isStream = isStream;
    this.span = span;
  }

  ended(code: status, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#meter.ended(this, code, reason);
  }
}
