/** The spans of one traced command: its wait in the inbox, its turn, and its wait until what was decided is durable. */
import { type Context, type Span, type Tracer, trace } from "@opentelemetry/api";
import type { AppendObservation, CommandProbe } from "../actor/telemetry.js";
import { AppendTrace } from "./append-trace.js";
import { SPANS } from "./names.js";

export class CommandTrace implements CommandProbe {
  readonly context: Context;
  readonly #tracer: Tracer;
  /** Ends with the command, where the command is all that there is to the span. */
  readonly #whole: Span | undefined;
  #phase: Span;

  constructor(tracer: Tracer, context: Context, whole?: Span) {
    this.context = context;
    this.#tracer = tracer;
    this.#whole = whole;
    this.#phase = tracer.startSpan(SPANS.inbox, {}, context);
  }

  decideBegan(): void {
    this.#phase.end();
    this.#phase = this.#tracer.startSpan(SPANS.turn, {}, this.context);
  }

  decideEnded(): void {
    this.#phase.end();
    this.#phase = this.#tracer.startSpan(SPANS.durable, {}, this.context);
  }

  waitsFor(append: AppendObservation): void {
    const span = append instanceof AppendTrace ? append.span : undefined;
    const context = span?.spanContext();
    if (context !== undefined && trace.isSpanContextValid(context)) this.#phase.addLink({ context });
  }

  settled(): void {
    this.#phase.end();
    this.#whole?.end();
  }
}
