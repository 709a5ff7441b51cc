/**
 * The push side of a connector: takes events as they happen and sees that each is durably with the server, once and in order,
 * whatever the connection does. It keeps nothing on disk: what it had not acknowledged when the process ended, the connector
 * pushes again from its own records, starting after `started`'s appliedSequence (docs/connectors.md).
 *
 * 1. Events are sent in the order of the calls of `push`, on one stream. After a disconnect it goes on from the first that is
 *    not acknowledged; the server drops what it has already, so nothing takes effect twice.
 * 2. At most `queueMax` events are taken and not acknowledged; further calls of `push` wait, first come first served.
 * 3. Every promise handed out is settled: acknowledged, or rejected once the pusher gives up or is cancelled.
 * 4. It gives up only on what another try would not change; all else it gets over by itself and tells `onError`.
 */
import { create } from "@bufbuild/protobuf";
import { durationFromMs, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { type ErpEvent, ErpEventSchema } from "../gen/holdfast/v1/erp_event_pb.js";
import type { Disposition, GetSourceStatusResponse, StreamEventsResponse } from "../gen/holdfast/v1/erp_service_pb.js";
import type { PositionsRequest } from "../gen/holdfast/v1/position_pb.js";
import { EventBacklog, type MissingRange, type PendingEvent } from "./event-backlog.js";
import { EventFeed } from "./event-feed.js";
import type { EventInput } from "./event-stream.js";
import type { HoldfastClient } from "./holdfast-client.js";
import { HoldfastError } from "./holdfast-error.js";
import { messageFromInput } from "./message-input.js";
import { isPassing, type RetryEnvironment, type RetryPolicy, retryDelayMs, STREAM_BACKOFF } from "./retry.js";

/** An event as a connector has it. */
export interface PushInput {
  /** Stable: the same event has the same id whenever it is pushed. Unique within the source. */
  readonly eventId: string;
  /** When it happened; now when unset. */
  readonly occurTime?: Timestamp | undefined;
  readonly body: NonNullable<EventInput["body"]>;
  /** The event's own number in the source's records, 1, 2, 3 ... The one after the newest so far when unset. */
  readonly sequence?: bigint | number | undefined;
}

/** An event that the pusher has taken. */
export interface PushedEvent {
  readonly sequence: bigint;
  readonly eventId: string;
  /** Resolves once the event is durable, also when it was REJECTED. Rejects when the pusher gives up or is cancelled. */
  readonly acknowledged: Promise<Acknowledgement>;
}

export interface Acknowledgement {
  readonly sequence: bigint;
  readonly eventId: string;
  readonly disposition: Disposition;
  /** UPPER_SNAKE, then ": field" where one is meant; empty unless something is wrong. */
  readonly reason: string;
  /** Of a BUFFERED event: what the server waits for before it is in effect. */
  readonly missing: readonly MissingRange[];
}

export interface EventPusherOptions {
  readonly source: string;
  /** Events taken and not acknowledged, at most. 1,000 when unset. */
  readonly queueMax?: number;
  /** Of those, sent. 256 when unset. */
  readonly inFlightMax?: number;
  /** Acknowledged events kept in memory, to send again what a server lost that was restored from a backup. 10,000 when unset. */
  readonly rememberedMax?: number;
  /** How often the server is told that the source is alive, and what its last event is. 10 s when unset. */
  readonly heartbeatMs?: number;
  /** Asked when a heartbeat is due. A connector that polls says no while its ERP does not answer: it is no sign of life by itself. */
  readonly isSourceAlive?: () => boolean;
  /** How long the oldest unanswered event may wait before the stream is opened anew. 30 s when unset. */
  readonly answerTimeoutMs?: number;
  readonly backoff?: Pick<RetryPolicy, "backoffMinMs" | "backoffMaxMs">;
  /** Told of every acknowledgement, in order. */
  readonly onAcknowledged?: (acknowledgement: Acknowledgement) => void;
  /** The server wants the source's positions; answer with `client.reportPositions`. */
  readonly onPositionsRequest?: (request: PositionsRequest) => void | Promise<void>;
  /** The server misses events that the pusher does not have. Give them from the source's records, with their sequences. */
  readonly onMissing?: (range: MissingRange) => Iterable<PushInput> | Promise<Iterable<PushInput>>;
  /** Told of each disconnect, and of what the other callbacks throw. */
  readonly onError?: (error: unknown) => void;
}

interface Waiting {
  readonly event: ErpEvent;
  readonly resolve: (pushed: PushedEvent) => void;
  readonly reject: (failure: unknown) => void;
}

type Settle<T> = { readonly resolve: (value: T) => void; readonly reject: (failure: unknown) => void };

/** Pushes the events of one source; made by `HoldfastClient.pushEvents`. One at a time may push for a source. */
export class EventPusher {
  /** What the server has of this source: push what comes after its `appliedSequence`. */
  readonly started: Promise<GetSourceStatusResponse>;
  readonly #client: Pick<HoldfastClient, "getSourceStatus" | "streamEvents">;
  readonly #options: EventPusherOptions;
  readonly #environment: RetryEnvironment;
  readonly #queueMax: number;
  readonly #backlog: EventBacklog;
  readonly #stop = new AbortController();
  readonly #waiting: Waiting[] = [];
  /** Acknowledgements come in the order of the pushes, so a flush waits for a number of them. */
  readonly #flushes: (Settle<void> & { readonly target: number })[] = [];
  readonly #ended: Promise<void>;
  #settleStarted!: Settle<GetSourceStatusResponse>;
  #feed: EventFeed | undefined;
  #unacknowledged = 0;
  #acknowledged = 0;
  /** The newest sequence so far; unset until the server has told. */
  #newest: bigint | undefined;
  #announced = 0n;
  #erpResponseMs: number | undefined;
  /** Missing events that the connector was asked for on this stream. */
  readonly #askedFor = new Set<bigint>();
  #closing = false;
  #failure: unknown;

  constructor(
    client: Pick<HoldfastClient, "getSourceStatus" | "streamEvents">,
    options: EventPusherOptions,
    environment: RetryEnvironment,
  ) {
    this.#client = client;
    this.#options = options;
    this.#environment = environment;
    this.#queueMax = options.queueMax ?? 1_000;
    this.#backlog = new EventBacklog(options.rememberedMax ?? 10_000);
    this.started = new Promise((resolve, reject) => {
      this.#settleStarted = { resolve, reject };
    });
    // Nobody need wait for the start: whoever pushes is told.
    this.started.catch(() => {});
    this.#ended = this.#run();
    this.#ended.catch(() => {});
  }

  /** Takes an event, as soon as there is room. What it resolves with has the event's sequence and its acknowledgement. */
  push(input: PushInput): Promise<PushedEvent> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (this.#closing) return reject(cancelled("the pusher is closed"));
      this.#waiting.push({ event: this.#eventOf(input), resolve, reject });
      this.#admit();
    });
  }

  /** Resolves once everything pushed before this call is acknowledged. */
  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const target = this.#acknowledged + this.#unacknowledged + this.#waiting.length;
    if (target === this.#acknowledged) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#flushes.push({ target, resolve, reject });
    });
  }

  /** Takes no more events, waits until all are acknowledged, and ends the stream. While the server is away it waits for it. */
  close(): Promise<void> {
    this.#closing = true;
    if (this.#feed !== undefined) this.#feed.wake();
    else if (this.#isIdle) this.#stop.abort();
    return this.#ended;
  }

  /** Ends it now; what is not acknowledged rejects with CANCELLED. */
  cancel(): void {
    this.#fail(cancelled("cancelled by the caller"));
  }

  /** The source's records have events up to this one, sent or not: heartbeats say so, and what is missing shows. */
  announce(lastSequence: bigint | number): void {
    this.#announced = max(this.#announced, BigInt(lastSequence));
  }

  /** How long the ERP took to answer this connector; the slowest answer since the last heartbeat is told with the next. */
  noteErpResponse(durationMs: number): void {
    this.#erpResponseMs = Math.max(this.#erpResponseMs ?? 0, durationMs);
  }

  get #isIdle(): boolean {
    return this.#backlog.isEmpty && this.#waiting.length === 0;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#synchronise();
        await this.#exchange(() => {
          failures = 0;
        });
      } catch (error) {
        this.#backlog.returnSent();
        if (this.#stop.signal.aborted) break;
        if (!isPassing(error)) this.#fail(error);
        else await this.#backOff(error, ++failures);
      }
      if (this.#closing && this.#isIdle) this.#stop.abort();
    }
    this.#settleStarted.reject(this.#failure ?? cancelled("the pusher was closed before the server answered"));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Learns what the server has, and sends first what it misses. */
  async #synchronise(): Promise<void> {
    const { source } = this.#options;
    const answer = await this.#client.getSourceStatus({ source }, { signal: this.#stop.signal });
    this.#askedFor.clear();
    if (this.#newest === undefined) {
      this.#newest = answer.appliedSequence;
      this.#announced = max(this.#announced, answer.appliedSequence);
      this.#settleStarted.resolve(answer);
      this.#admit();
      // What is missing now lies behind appliedSequence: the connector pushes it anyway.
      return;
    }
    await this.#supply(answer.gaps);
  }

  async #exchange(onAnswer: () => void): Promise<void> {
    const { inFlightMax = 256, answerTimeoutMs = 30_000, heartbeatMs = 10_000 } = this.#options;
    const feed = new EventFeed({
      backlog: this.#backlog,
      heartbeatMs,
      environment: this.#environment,
      heartbeat: () => this.#heartbeat(),
      isComplete: () => this.#closing && this.#waiting.length === 0,
    });
    this.#feed = feed;
    const onPositionsRequest = (request: PositionsRequest): void => {
      this.#callBack(() => this.#options.onPositionsRequest?.(request));
    };
    const options = { inFlightMax, answerTimeoutMs, onPositionsRequest, signal: this.#stop.signal };
    try {
      for await (const answer of this.#client.streamEvents(feed, options)) {
        onAnswer();
        this.#take(answer);
      }
    } finally {
      this.#feed = undefined;
    }
  }

  #take(answer: StreamEventsResponse): void {
    const { event, settle } = this.#backlog.answered(answer);
    const isHeartbeat = event.body.case === "sourceHeartbeat";
    if (!isHeartbeat) {
      const { sequence, disposition, reason, missing } = answer;
      const acknowledgement = { sequence, eventId: event.eventId, disposition, reason, missing };
      this.#callBack(() => this.#options.onAcknowledged?.(acknowledgement));
    }
    settle?.(answer);
    if (answer.missing.length > 0) {
      // A heartbeat is a fresh look at what is missing: the connector may have found it meanwhile.
      if (isHeartbeat) this.#askedFor.clear();
      void this.#supply(answer.missing);
    }
    this.#admit();
    this.#settleFlushes();
  }

  /** Sends again what is missing and remembered, and asks the connector for the rest. */
  async #supply(missing: readonly MissingRange[]): Promise<void> {
    const lost = this.#backlog.sendAgain(missing, (sequence) => this.#askedFor.has(sequence));
    this.#feed?.wake();
    const { onMissing } = this.#options;
    if (onMissing === undefined) return;
    for (const { first, last } of lost) {
      for (let sequence = first; sequence <= last; sequence++) this.#askedFor.add(sequence);
      try {
        const found: PendingEvent[] = [];
        for (const input of await onMissing({ first, last })) found.push({ event: this.#eventOf(input) });
        if (this.#failure === undefined) this.#backlog.addFirst(found);
        this.#feed?.wake();
      } catch (error) {
        this.#callBack(() => this.#options.onError?.(error));
      }
    }
  }

  /** Lets in, in order, what there is room for. */
  #admit(): void {
    while (this.#newest !== undefined && this.#unacknowledged < this.#queueMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.resolve(this.#enqueue(next.event, this.#newest));
      this.#feed?.wake();
    }
  }

  #enqueue(event: ErpEvent, newest: bigint): PushedEvent {
    const { eventId } = event;
    if (event.sequence === 0n) event.sequence = newest + 1n;
    const { sequence } = event;
    this.#newest = max(newest, sequence);
    this.#unacknowledged += 1;
    const acknowledged = new Promise<Acknowledgement>((resolve, reject) => {
      const settle = ({ disposition, reason, missing }: StreamEventsResponse): void => {
        this.#unacknowledged -= 1;
        this.#acknowledged += 1;
        resolve({ sequence, eventId, disposition, reason, missing });
      };
      this.#backlog.add({ event, settle, reject });
    });
    // The caller may well not look: flush, close and push tell of a failure too.
    acknowledged.catch(() => {});
    return { sequence, eventId, acknowledged };
  }

  #eventOf({ eventId, occurTime, body, sequence }: PushInput): ErpEvent {
    const { source } = this.#options;
    if (sequence !== undefined && sequence < 1) throw invalid(`sequence ${sequence} is not 1 or more`);
    const happenedAt = occurTime ?? timestampFromMs(Date.now());
    return messageFromInput(ErpEventSchema, { source, eventId, body, sequence: sequence ?? 0, occurTime: happenedAt });
  }

  #heartbeat(): ErpEvent | undefined {
    if (this.#options.isSourceAlive?.() === false) return undefined;
    const erpResponseTime = this.#erpResponseMs === undefined ? undefined : durationFromMs(this.#erpResponseMs);
    this.#erpResponseMs = undefined;
    const lastSequence = max(this.#announced, this.#backlog.newestSent);
    return create(ErpEventSchema, {
      source: this.#options.source,
      eventId: "heartbeat",
      occurTime: timestampFromMs(Date.now()),
      body: { case: "sourceHeartbeat", value: { lastSequence, ...(erpResponseTime && { erpResponseTime }) } },
    });
  }

  async #callBack(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  async #backOff(error: HoldfastError, failures: number): Promise<void> {
    this.#callBack(() => this.#options.onError?.(error));
    const { backoff = STREAM_BACKOFF } = this.#options;
    const delayMs = retryDelayMs(failures, error.retryAfterMs, { policy: backoff, random: this.#environment.random() });
    if (this.#closing && this.#isIdle) return;
    await this.#environment.sleep(delayMs, this.#stop.signal).catch(() => {});
  }

  #settleFlushes(): void {
    while ((this.#flushes[0]?.target ?? Number.POSITIVE_INFINITY) <= this.#acknowledged)
      this.#flushes.shift()?.resolve();
  }

  #fail(failure: unknown): void {
    if (this.#failure !== undefined || this.#stop.signal.aborted) return;
    this.#failure = failure;
    this.#stop.abort();
    this.#backlog.rejectAll(failure);
    for (const { reject } of [...this.#waiting.splice(0), ...this.#flushes.splice(0)]) reject(failure);
    this.#settleStarted.reject(failure);
  }
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function cancelled(message: string): HoldfastError {
  return new HoldfastError({ code: status.CANCELLED, message });
}

function invalid(message: string): HoldfastError {
  return new HoldfastError({ code: status.INVALID_ARGUMENT, message, reason: "INVALID_FIELD" });
}
