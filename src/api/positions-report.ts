/**
 * ReportPositions: one run of comparison, taken a bounded part at a time. The next message is read when the one before it is compared, so a
 * source that tells a million positions waits for us, and dealers do not wait for it. Without `last` there is no run: a call that breaks
 * off before it leaves nothing, and one that breaks off after it goes on to its end.
 */
import { create } from "@bufbuild/protobuf";
import type { ServerReadableStream, sendUnaryData } from "@grpc/grpc-js";
import type { Outcome, PositionRunPort, PositionsPort } from "../actor/service.js";
import type { DriftCounts, Position } from "../domain/drift.js";
import {
  type ReportPositionsRequest,
  type ReportPositionsResponse,
  ReportPositionsResponseSchema,
} from "../gen/holdfast/v1/erp_service_pb.js";
import { LIMITS } from "../limits.js";
import { badRequest, errorOf, outcomeStatus, serviceError, undecodableStatus } from "./errors.js";
import type { OpenStreams } from "./open-streams.js";
import { checkReport, type ReportHead } from "./requests/drift-requests.js";
import { type Encoded, Undecodable } from "./service-definition.js";
import { isRefusal, type OnFailure } from "./unary.js";

export interface PositionsReportOptions {
  readonly call: ServerReadableStream<ReportPositionsRequest | Undecodable, Encoded>;
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
    call.on("data", (message: ReportPositionsRequest | Undecodable) => {
      if (this.#isOver) return;
      call.pause();
      if (message instanceof Undecodable) this.#end(errorOf(undecodableStatus()));
      else this.#read(message);
    });
    call.on("end", () => this.#ended());
    call.on("cancelled", () => this.#close());
  }

  #read(message: ReportPositionsRequest): void {
    const checked = checkReport(message, this.#head);
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
    this.#run ??= this.#options.positions.begin(checked.head);
    this.#compare(this.#run, checked.positions, 0);
  }

  #compare(run: PositionRunPort, positions: readonly Position[], from: number): void {
    if (this.#isOver) return;
    if (from >= positions.length) {
      if (this.#isLast) this.#finish(run);
      else this.#options.call.resume();
      return;
    }
    const to = from + LIMITS.turnPositionsMax;
    run.compare(positions.slice(from, to), (outcome) => {
      if (outcome.kind === "answered") this.#compare(run, positions, to);
      else this.#fail(outcome);
    });
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
