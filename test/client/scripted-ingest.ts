/**
 * The server's side of a source as the contract has it, in memory: events are taken in sequence, once; those ahead of a gap are
 * kept. A test breaks its streams, makes it forget, and looks at what came.
 */
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import { Disposition } from "../../src/client/index.js";
import type { ErpEvent } from "../../src/gen/holdfast/v1/erp_event_pb.js";
import type { StreamEventsRequest } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { refused, type Script } from "./scripted-server.js";

type Call = ServerDuplexStream<StreamEventsRequest, object>;

export class ScriptedIngest {
  /** In the order in which they took effect. */
  readonly applied: ErpEvent[] = [];
  /** Everything that arrived: sequences, and 0 for a heartbeat with its last_sequence behind. */
  readonly arrived: string[] = [];
  readonly buffered = new Map<bigint, ErpEvent>();
  appliedSequence = 0n;
  streams = 0;
  /** Decides what becomes of a message: it may be lost before it is taken, or its answer after. The stream ends with it. */
  fate: (event: ErpEvent) => "answered" | "lost" | "answer lost" = () => "answered";
  /** Ahead of a gap, at most. */
  bufferedMax = 1_000;
  #call: Call | undefined;

  readonly script: Script = {
    getSourceStatus: () => ({ appliedSequence: this.appliedSequence, gaps: this.#gaps(0n) }),
    streamEvents: (call: Call) => {
      this.streams += 1;
      this.#call = call;
      let isOpen = true;
      call.on("data", ({ event }: StreamEventsRequest) => {
        if (isOpen && event !== undefined) isOpen = this.#receive(call, event);
      });
      call.on("end", () => isOpen && call.end());
    },
  };

  /** Sends something of the server's own on the newest stream. */
  say(message: object): void {
    this.#call?.write(message);
  }

  /** Ends the newest stream, as a stopping server does. */
  hangUp(): void {
    this.#call?.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" }));
  }

  /** As after a restore from a backup that was made when this sequence was applied. */
  restore(appliedSequence: bigint): void {
    this.appliedSequence = appliedSequence;
    this.applied.splice(Number(appliedSequence));
    this.buffered.clear();
  }

  #receive(call: Call, event: ErpEvent): boolean {
    const { body, sequence } = event;
    const isHeartbeat = body.case === "sourceHeartbeat";
    this.arrived.push(isHeartbeat ? `0/${body.value.lastSequence}` : String(sequence));
    const fate = this.fate(event);
    if (fate !== "lost") {
      const answer = isHeartbeat
        ? { disposition: Disposition.APPLIED, missing: this.#gaps(body.value.lastSequence) }
        : this.#apply(event);
      if (answer === undefined) {
        const metadata = { missing_first: String(this.appliedSequence + 1n) };
        call.emit(
          "error",
          refused({ code: status.RESOURCE_EXHAUSTED, message: "full", reason: "OVERLOADED", metadata }),
        );
        return false;
      }
      if (fate === "answered") {
        call.write({ source: event.source, sequence, ...answer });
        return true;
      }
    }
    call.emit("error", refused({ code: status.UNAVAILABLE, message: "stopping", reason: "SHUTTING_DOWN" }));
    return false;
  }

  #apply(event: ErpEvent): object | undefined {
    const { sequence } = event;
    if (sequence <= this.appliedSequence) return { disposition: Disposition.DUPLICATE };
    if (sequence > this.appliedSequence + 1n) {
      if (!this.buffered.has(sequence) && this.buffered.size >= this.bufferedMax) return undefined;
      this.buffered.set(sequence, event);
      return { disposition: Disposition.BUFFERED, missing: this.#gaps(0n) };
    }
    for (
      let next: ErpEvent | undefined = event;
      next !== undefined;
      next = this.buffered.get(this.appliedSequence + 1n)
    ) {
      this.appliedSequence = next.sequence;
      this.buffered.delete(next.sequence);
      this.applied.push(next);
    }
    return event.eventId.startsWith("bad")
      ? { disposition: Disposition.REJECTED, reason: "INVALID_FIELD: quantity" }
      : { disposition: Disposition.APPLIED };
  }

  #gaps(announced: bigint): object[] {
    const gaps: object[] = [];
    let next = this.appliedSequence + 1n;
    for (const sequence of [...this.buffered.keys(), announced + 1n].sort((one, other) => Number(one - other))) {
      if (sequence > next) gaps.push({ first: next, last: sequence - 1n });
      if (sequence >= next) next = sequence + 1n;
    }
    return gaps;
  }
}
