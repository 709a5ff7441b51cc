/**
 * Traces calls. Which ones is decided here, at their head and before anything is made for them, so that the others cost next to nothing:
 * a caller's traceparent decides, and without one chance does. A stream has no span of its own, since it may never end: each of its
 * messages that is traced has one.
 */
import { type Metadata, status } from "@grpc/grpc-js";
import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_RESPONSE_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from "@opentelemetry/semantic-conventions/incubating";
import type { CommandProbe } from "../actor/telemetry.js";
import type { Command } from "../domain/command.js";
import type { IncomingErpEvent } from "../domain/erp-event.js";
import { CommandTrace } from "./command-trace.js";
import { ATTRIBUTES, SPANS } from "./names.js";

/** Skus that a span names at most; it says how many lines there are. */
const SKUS_NAMED_MAX = 20;

/** Statuses that are the service's failure, by the conventions for servers. A refusal is an answer. */
const FAILURES: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

const HEADERS: TextMapGetter<Metadata> = {
  keys: (metadata) => Object.keys(metadata.getMap()),
  get: (metadata, key) => metadata.get(key).map(String),
};

/** A traced call, or what its messages have in common where it is a stream. */
interface TracedCall {
  readonly method: string;
  readonly context: Context;
  /** Undefined for a stream. */
  readonly span: Span | undefined;
  /** Of a stream: whether each of its messages is traced, because the caller said so. */
  readonly isSampled: boolean;
}

export class CallTracer {
  readonly #tracer: Tracer;
  readonly #sampleRatio: number;
  readonly #random: () => number;
  readonly #calls = new WeakMap<Metadata, TracedCall>();

  constructor(tracer: Tracer, options: { readonly sampleRatio: number; readonly random?: () => number }) {
    this.#tracer = tracer;
    this.#sampleRatio = options.sampleRatio;
    this.#random = options.random ?? Math.random;
  }

  /** The span of a call; undefined for a stream, and where the call is not traced. */
  begin(method: string, metadata: Metadata, isStream: boolean): Span | undefined {
    const said = sampledByCaller(metadata);
    if (said === false) return undefined;
    // Of a stream whose caller says nothing, chance decides anew for each message.
    if (said === undefined && !isStream && !this.#draw()) return undefined;
    const parent = said === true ? propagation.extract(ROOT_CONTEXT, metadata, HEADERS) : ROOT_CONTEXT;
    if (isStream) {
      this.#calls.set(metadata, { method, context: parent, span: undefined, isSampled: said === true });
      return undefined;
    }
    const span = this.#serverSpan(method, parent);
    this.#calls.set(metadata, { method, context: trace.setSpan(parent, span), span, isSampled: true });
    return span;
  }

  end(span: Span, code: status, reason: string): void {
    span.setAttribute(ATTR_RPC_RESPONSE_STATUS_CODE, status[code]);
    if (reason !== "") span.setAttribute(ATTRIBUTES.reason, reason);
    if (FAILURES.has(code)) {
      span.setAttribute(ATTR_ERROR_TYPE, status[code]);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  }

  follow(metadata: Metadata | undefined, command: Command): CommandProbe | undefined {
    const call = metadata && this.#calls.get(metadata);
    if (call === undefined) return undefined;
    if (call.span !== undefined) {
      call.span.setAttributes(attributesOf(command));
      return new CommandTrace(this.#tracer, call.context);
    }
    if (!call.isSampled && !this.#draw()) return undefined;
    const span = this.#serverSpan(call.method, call.context);
    span.setAttributes(attributesOf(command));
    return new CommandTrace(this.#tracer, trace.setSpan(call.context, span), span);
  }

  followEvent(metadata: Metadata | undefined, event: IncomingErpEvent): CommandProbe | undefined {
    const call = metadata && this.#calls.get(metadata);
    if (call === undefined || (!call.isSampled && !this.#draw())) return undefined;
    const attributes = { [ATTRIBUTES.source]: event.source, [ATTRIBUTES.sequence]: event.sequence };
    const span = this.#tracer.startSpan(SPANS.erpEvent, { kind: SpanKind.CONSUMER, attributes }, call.context);
    if ("body" in event) {
      span.setAttributes({
        [ATTRIBUTES.command]: event.body.kind,
        [ATTRIBUTES.warehouse]: event.body.warehouseId,
        [ATTRIBUTES.skus]: [event.body.sku],
      });
    }
    return new CommandTrace(this.#tracer, trace.setSpan(call.context, span), span);
  }

  #serverSpan(method: string, parent: Context): Span {
    const attributes = { [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC, [ATTR_RPC_METHOD]: method };
    return this.#tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
  }

  #draw(): boolean {
    return this.#random() < this.#sampleRatio;
  }
}

/** What the caller's traceparent says; undefined where there is none that can be read. */
function sampledByCaller(metadata: Metadata): boolean | undefined {
  const [header] = metadata.get("traceparent");
  if (typeof header !== "string") return undefined;
  const [, flags] = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})/.exec(header) ?? [];
  return flags === undefined ? undefined : (Number.parseInt(flags, 16) & 1) === 1;
}

/** Who and what a command is about, as far as it says. */
function attributesOf(command: Command): Attributes {
  const attributes: Attributes = { [ATTRIBUTES.command]: command.kind };
  if ("dealerId" in command && command.dealerId) attributes[ATTRIBUTES.dealer] = command.dealerId;
  if ("orderId" in command && command.orderId) attributes[ATTRIBUTES.order] = command.orderId;
  if ("warehouseId" in command && command.warehouseId) attributes[ATTRIBUTES.warehouse] = command.warehouseId;
  if ("reservationId" in command && command.reservationId) {
    attributes[ATTRIBUTES.reservation] = String(command.reservationId);
  }
  if (command.kind === "Reserve") {
    attributes[ATTRIBUTES.lines] = command.lines.length;
    attributes[ATTRIBUTES.skus] = command.lines.slice(0, SKUS_NAMED_MAX).map(({ sku }) => sku);
  }
  return attributes;
}
