/**
 * ReportPositions: one run of comparison, taken a bounded part at a time. The next message is read when the one before it is compared, so a
 * source that tells a million positions waits for us, and dealers do not wait for it. Without `last` there is no run: a call that breaks
 * off before it leaves nothing, and one that breaks off after it goes on to its end.
 */
import { create } from "@bufbuild/protobuf";
import type { ServerReadableStream, sendUnaryData } from "@grpc/grpc-js";
import type { Outcome, PositionRunPort, PositionsPort } from "../actor/service.js";
import type { DriftCounts } from "../domain/drift.js";
import { type ReportPositionsResponse, ReportPositionsResponseSchema } from "../gen/holdfast/v1/erp_service_pb.js";
import { LIMITS } from "../limits.js";
import { badRequest, errorOf, outcomeStatus, serviceError, undecodableStatus } from "./errors.js";
import type { OpenStreams } from "./open-streams.js";
import { checkPositions, checkReportHead, type ReportHead } from "./requests/drift-requests.js";
import { PositionsMessage } from "./requests/positions-message.js";
import type { Encoded } from "./service-definition.js";
import { isRefusal, type OnFailure } from "./unary.js";

/** Between two parts: nobody waits for a comparison, and somebody for every order. */
const REST_MS = 1;

export interface PositionsReportOptions {
  readonly call: ServerReadableStream<Buffer, Encoded>;
  readonly callback: sendUnaryData<Encoded>;
  readonly positions: PositionsPort;
  readonly streams: OpenStreams;
  readonly onFailure: OnFailure;
}

export class PositionsReport {
  readonly #options: PositionsReportOptions;
  #head: ReportHead | undefined;
  #run: PositionRunPort | undefined;
  #isLast = false;
  #isOver = false;
  #leave: () => void = () => {};

  constructor(options: PositionsReportOptions) {
    this.#options = options;
    const { call, streams } = options;
    const entered = streams.enter((refused) => this.#end(serviceError(refused)));
    if (isRefusal(entered)) {
      this.#end(serviceError(entered));
      return;
    }
    this.#leave = entered;
    call.on("data", (bytes: Buffer) => {
      if (this.#isOver) return;
      call.pause();
      this.#read(bytes);
    });
    call.on("end", () => this.#ended());
    call.on("cancelled", () => this.#close());
  }

  #read(bytes: Buffer): void {
    let message: PositionsMessage;
    try {
      message = new PositionsMessage(bytes);
    } catch {
      this.#end(errorOf(undecodableStatus()));
      return;
    }
    const checked = checkReportHead(message, this.#head);
    if (isRefusal(checked)) {
      this.#end(serviceError(checked));
      return;
    }
    if (this.#isLast) {
      this.#end(serviceError(badRequest([{ field: "last", message: "must be in the last message only" }])));
      return;
    }
    this.#head = checked.head;
    this.#isLast = checked.last;
    this.#compare(message, 0);
  }

  /** Decodes and compares a part of the message, then the next; then reads on, or ends the run. */
  #compare(message: PositionsMessage, from: number): void {
    if (this.#isOver) return;
    if (from >= message.count) {
      if (this.#isLast) this.#finish(this.#begun());
      else this.#options.call.resume();
      return;
    }
    const to = Math.min(message.count, from + LIMITS.turnPositionsMax);
    let checked: ReturnType<typeof checkPositions>;
    try {
      checked = checkPositions(message, from, to);
    } catch {
      this.#end(errorOf(undecodableStatus()));
      return;
    }
    if (isRefusal(checked)) {
      this.#end(serviceError(checked));
      return;
    }
    this.#begun().compare(checked.positions, (outcome) => {
      if (outcome.kind === "answered") setTimeout(() => this.#compare(message, to), REST_MS);
      else this.#fail(outcome);
    });
  }

  #begun(): PositionRunPort {
    this.#run ??= this.#options.positions.begin(this.#head!);
    return this.#run;
  }

  #finish(run: PositionRunPort): void {
    // From here on it ends, whether its caller waits for that or not.
    this.#run = undefined;
    run.finish((outcome) => {
      if (outcome.kind !== "answered") run.abandon();
      this.#answer(outcome);
    });
  }

  #answer(outcome: Outcome<DriftCounts>): void {
    if (outcome.kind !== "answered") {
      this.#fail(outcome);
      return;
    }
    if (this.#isOver) return;
    this.#close();
    this.#options.callback(null, responseOf(this.#head!.runId, outcome.value));
  }

  /** The caller has no more to tell: with `last` said before, the answer is on its way. */
  #ended(): void {
    if (this.#isLast) return;
    this.#end(
      serviceError(badRequest([{ field: "last", message: "must be set in the last message; this is no run" }])),
    );
  }

  #fail(outcome: Exclude<Outcome<unknown>, { kind: "answered" }>): void {
    if (outcome.kind === "failed") this.#options.onFailure(outcome.cause);
    this.#end(errorOf(outcomeStatus(outcome)));
  }

  #end(error: ReturnType<typeof errorOf>): void {
    if (this.#isOver) return;
    this.#close();
    this.#options.callback(error);
  }

  #close(): void {
    this.#isOver = true;
    this.#run?.abandon();
    this.#leave();
  }
}

function responseOf(runId: string, counts: DriftCounts): ReportPositionsResponse {
  return create(ReportPositionsResponseSchema, {
    runId,
    compared: BigInt(counts.compared),
    drifted: BigInt(counts.drifted),
    healed: BigInt(counts.healed),
    quarantined: BigInt(counts.quarantined),
    deferred: BigInt(counts.deferred),
    incomparable: BigInt(counts.incomparable),
    missingHere: BigInt(counts.missingHere),
    missingThere: BigInt(counts.missingThere),
  });
}
