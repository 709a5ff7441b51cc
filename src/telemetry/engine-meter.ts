/** Times turns and appends, and traces the appends that a traced command waits for. */
import type { Histogram, Meter, Tracer } from "@opentelemetry/api";
import type { AppendObservation, CommandProbe, EngineTelemetry } from "../actor/telemetry.js";
import { AppendTrace } from "./append-trace.js";
import { CommandTrace } from "./command-trace.js";
import { BLOCK_BYTES, COUNTS, SECONDS } from "./histogram-bounds.js";
import { ATTRIBUTES, METRICS, SPANS } from "./names.js";

export class EngineMeter implements EngineTelemetry {
  readonly #tracer: Tracer | undefined;
  readonly #turnDuration: Histogram;
  readonly #turnCommands: Histogram;
  readonly #appendDuration: Histogram;
  readonly #blockBytes: Histogram;
  #turnBeganAt = 0;

  constructor(meter: Meter, tracer: Tracer | undefined) {
    this.#tracer = tracer;
    this.#turnDuration = meter.createHistogram(METRICS.turnDuration, {
      description: "Time that a turn takes, in which queued commands are decided.",
      unit: "s",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.#turnCommands = meter.createHistogram(METRICS.turnCommands, {
      description: "Commands that are decided in one turn.",
      unit: "{command}",
      advice: { explicitBucketBoundaries: COUNTS },
    });
    this.#appendDuration = meter.createHistogram(METRICS.appendDuration, {
      description: "Time from handing a block to the journal until it is written and synced.",
      unit: "s",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.#blockBytes = meter.createHistogram(METRICS.blockBytes, {
      description: "Bytes of the records in one block.",
      unit: "By",
      advice: { explicitBucketBoundaries: BLOCK_BYTES },
    });
  }

  turnBegan(): void {
    this.#turnBeganAt = performance.now();
  }

  turnEnded({ commands }: { readonly commands: number }): void {
    // A turn may find nothing to do: timers, and the steps of a checkpoint.
    if (commands === 0) return;
    this.#turnDuration.record((performance.now() - this.#turnBeganAt) / 1_000);
    this.#turnCommands.record(commands);
  }

  appendBegan(block: {
    readonly bytes: number;
    readonly records: number;
    readonly tasks: number;
    readonly probes: readonly CommandProbe[];
  }): AppendObservation {
    const beganAt = performance.now();
    this.#blockBytes.record(block.bytes);
    return new AppendTrace(this.#appendSpan(block), () =>
      this.#appendDuration.record((performance.now() - beganAt) / 1_000),
    );
  }

  /** It stands in the trace of the first who waits for it; the others are linked to it. */
  #appendSpan({ bytes, records, tasks, probes: [first] }: Parameters<EngineTelemetry["appendBegan"]>[0]) {
    if (this.#tracer === undefined || !(first instanceof CommandTrace)) return undefined;
    const attributes = { [ATTRIBUTES.bytes]: bytes, [ATTRIBUTES.records]: records, [ATTRIBUTES.callers]: tasks };
    return this.#tracer.startSpan(SPANS.append, { attributes }, first.context);
  }
}
