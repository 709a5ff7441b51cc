/** The span and the time of one append, which all callers share that wait for its block. */
import type { Span } from "@opentelemetry/api";
import type { AppendObservation } from "../actor/telemetry.js";

export class AppendTrace implements AppendObservation {
  /** Undefined where nobody who waited for it at its beginning is traced. */
  readonly span: Span | undefined;
  readonly #durable: () => void;

  constructor(span: Span | undefined, durable: () => void) {
    this.span = span;
    this.#durable = durable;
  }

  durable(): void {
    this.span?.end();
    this.#durable();
  }
}
