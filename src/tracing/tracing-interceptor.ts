/**
 * Traces the calls of a client, published as `holdfast/tracing`: each attempt of a unary call is a span, and its context goes along, so that
 * the server's spans are its children. A stream has no span, since it may never end; what is active when it is opened goes along.
 * It works with the tracer and the propagator that the application has registered, and does nothing where there are none.
 */

import { InterceptingCall, type Interceptor, type Metadata, status } from "@grpc/grpc-js";
import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapSetter,
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

const HEADERS: TextMapSetter<Metadata> = { set: (metadata, key, value) => metadata.set(key, value) };

/** For `new HoldfastClient(address, { channel: { interceptors: [tracingInterceptor()] } })`. */
export function tracingInterceptor(tracer: Tracer = trace.getTracer("holdfast-client")): Interceptor {
  return (options, nextCall) => {
    const { path, requestStream, responseStream } = options.method_definition;
    const active = context.active();
    const isStream = requestStream || responseStream;
    const attributes = { [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC, [ATTR_RPC_METHOD]: path.slice(1) };
    const span = isStream ? undefined : tracer.startSpan(path.slice(1), { kind: SpanKind.CLIENT, attributes }, active);
    return new InterceptingCall(nextCall(options), {
      start(metadata, _listener, next) {
        propagation.inject(span === undefined ? active : trace.setSpan(active, span), metadata, HEADERS);
        next(metadata, {
          onReceiveStatus(ending, pass) {
            if (span !== undefined) end(span, ending.code);
            pass(ending);
          },
        });
      },
    });
  };
}

function end(span: Span, code: status): void {
  span.setAttribute(ATTR_RPC_RESPONSE_STATUS_CODE, status[code]);
  // For who calls, whatever is not OK is an error, by the conventions for clients.
  if (code !== status.OK) {
    span.setAttribute(ATTR_ERROR_TYPE, status[code]);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
