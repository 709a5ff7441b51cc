/**
 * The connector as a whole: polls one ERP, tells Holdfast, answers its requests for positions, and hands orders back.
 *
 * 1. One loop polls and answers requests, so a position's sequence is never a guess (position-run.ts). Orders go beside it.
 * 2. Heartbeats go out only while the ERP answers: a connector alone is no sign of life.
 * 3. It ends by the signal, or by a failure that needs a person; whatever passes, it gets over.
 */
import { create } from "@bufbuild/protobuf";
import {
  type Acknowledgement,
  Disposition,
  type EventPusher,
  type HoldfastClient,
  HoldfastError,
  type MissingRange,
  type PositionInput,
  type PositionsRequest,
  PositionsRequestSchema,
} from "../client/index.js";
import { isPassing, type RetryEnvironment } from "../client/retry.js";
import { ChangeFeed, type ChangeFeedParts, SourceNumberedElsewhere } from "./change-feed.js";
import type { ConnectorLog } from "./connector-log.js";
import type { ErpAdapter } from "./erp-adapter.js";
import { ErpUnavailable } from "./erp-guard.js";
import type { StoredFeed } from "./feed-state.js";
import { OrderDelivery, type StoredOrders } from "./order-delivery.js";
import { type PaceBounds, type PollOutcome, PollPace } from "./poll-pace.js";
import { steadyPositions } from "./position-run.js";
import { StateDamaged, type StateStore } from "./state-file.js";
import { RecentStocks } from "./stocks.js";

export interface ConnectorParts {
  readonly source: string;
  readonly client: Pick<HoldfastClient, "pushEvents" | "watchOrders" | "reportPositions">;
  readonly adapter: ErpAdapter;
  readonly feedStore: StateStore<StoredFeed>;
  readonly orderStore: StateStore<StoredOrders>;
  readonly pace: PaceBounds;
  /** Events of one batch, at most. */
  readonly eventsMax: number;
  readonly heartbeatMs: number;
  /** The state is lost: go on behind what Holdfast has, and tell every position. Orders come again from the oldest. */
  readonly takeOver: boolean;
  /** Whether orders are handed to the ERP. */
  readonly orders: boolean;
  readonly environment: RetryEnvironment;
  readonly log: ConnectorLog;
}

/** Requests for positions that wait; of more, the oldest are passed over, since the newest tells as much. */
const REQUESTS_MAX = 16;
/** Tries of one request; after that Holdfast has to ask anew. */
const ANSWER_ATTEMPTS_MAX = 3;
const RECENT_STOCKS_MAX = 10_000;

export class Connector {
  readonly #parts: ConnectorParts;
  readonly #pace: PollPace;
  readonly #recent = new RecentStocks(RECENT_STOCKS_MAX);
  readonly #requests: { readonly wanted: PositionsRequest; failures: number }[] = [];
  readonly #stop = new AbortController();
  #pusher: EventPusher | undefined;
  #feed: ChangeFeed | undefined;
  #erpAnswers = false;
  #silentSinceMs: number | undefined;
  #failure: unknown;
  #wake: AbortController | undefined;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
    this.#pace = new PollPace(parts.pace);
  }

  /** How long the ERP took for a request; told with the next heartbeat. */
  noteErpResponse(durationMs: number): void {
    this.#pusher?.noteErpResponse(durationMs);
  }

  /** Runs until the signal aborts. Throws what needs a person. One run for a connector. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#stop.abort();
    if (signal.aborted) return;
    signal.addEventListener("abort", end, { once: true });
    this.#pusher = this.#parts.client.pushEvents(this.#pusherOptions());
    const cancel = (): void => this.#pusher?.cancel();
    this.#stop.signal.addEventListener("abort", cancel, { once: true });
    try {
      await this.#work();
    } catch (error) {
      this.#fail(error);
    } finally {
      signal.removeEventListener("abort", end);
      this.#stop.abort();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #work(): Promise<void> {
    const { source, adapter, feedStore, eventsMax, takeOver, log } = this.#parts;
    const feedParts: ChangeFeedParts = {
      source,
      adapter,
      store: feedStore,
      pusher: this.#pusher as EventPusher,
      eventsMax,
      reportPositions: ({ runId, full, pages }, asOfSequence) =>
        this.#report({ runId, full, batches: atSequence(pages, asOfSequence) }),
    };
    this.#feed = await (takeOver ? ChangeFeed.takeOver(feedParts, this.#stop.signal) : ChangeFeed.open(feedParts));
    if (takeOver) {
      const runId = `take-over-${this.#feed.sequence}`;
      this.#want(create(PositionsRequestSchema, { runId, full: true }));
    }
    log.info({ source, sequence: String(this.#feed.sequence) }, "connected");
    await Promise.all([this.#pollAll(this.#feed), this.#deliverOrders()]);
  }

  async #pollAll(feed: ChangeFeed): Promise<void> {
    const { environment } = this.#parts;
    while (!this.#stop.signal.aborted) {
      const outcome = await this.#pollOnce(feed);
      const delayMs =
        this.#requests.length > 0 && outcome !== "failed" ? 0 : this.#pace.next(outcome, environment.random());
      if (delayMs === 0) continue;
      this.#wake = new AbortController();
      await environment.sleep(delayMs, AbortSignal.any([this.#wake.signal, this.#stop.signal])).catch(() => {});
    }
  }

  async #pollOnce(feed: ChangeFeed): Promise<PollOutcome> {
    const { adapter, environment, log } = this.#parts;
    const { signal } = this.#stop;
    try {
      // It has given up for good if this throws; nothing is under way between polls.
      await this.#pusher?.flush();
      // After a failure one cheap question goes first: an ERP that has just come back has enough to do.
      if (this.#silentSinceMs !== undefined) await adapter.health(signal);
      const startedAtMs = environment.nowMs();
      const { events, hasMore } = await this.#readable(feed).poll(signal);
      this.#erpAnswered();
      if (events.length > 0) {
        const durationMs = Math.round(environment.nowMs() - startedAtMs);
        log.info({ events: events.length, sequence: String(feed.sequence), durationMs }, "events told");
      }
      await this.#answerFirst(feed);
      return hasMore ? "more" : events.length > 0 ? "changes" : "nothing";
    } catch (error) {
      if (!signal.aborted) this.#getOver(error);
      return "failed";
    }
  }

  /** The feed, with every poll of it remembered for requests about stocks that moved lately. */
  #readable(feed: ChangeFeed): Pick<ChangeFeed, "poll" | "sequence"> {
    const recent = this.#recent;
    return {
      get sequence() {
        return feed.sequence;
      },
      async poll(signal) {
        const poll = await feed.poll(signal);
        recent.add(poll.events);
        return poll;
      },
    };
  }

  async #answerFirst(feed: ChangeFeed): Promise<void> {
    const request = this.#requests[0];
    if (request === undefined) return;
    try {
      await this.#answer(feed, request.wanted);
    } catch (error) {
      request.failures += 1;
      if (request.failures < ANSWER_ATTEMPTS_MAX) throw error;
      this.#parts.log.error({ runId: request.wanted.runId, reason: reasonOf(error) }, "positions cannot be told");
    }
    const index = this.#requests.indexOf(request);
    if (index >= 0) this.#requests.splice(index, 1);
  }

  async #answer(feed: ChangeFeed, request: PositionsRequest): Promise<void> {
    const { adapter, log } = this.#parts;
    const { runId, full } = request;
    const warehouseId = request.warehouseId === "" ? undefined : request.warehouseId;
    const movers = full ? [] : this.#recent.list(warehouseId);
    // After a start nobody remembers what moved lately: then every stock is looked at.
    const query = { runId, warehouseId, stocks: movers.length > 0 ? movers : undefined };
    const batches = steadyPositions({ adapter, feed: this.#readable(feed) }, query, this.#stop.signal);
    if (batches === undefined) log.info({ runId }, "positions wanted; this ERP tells them by itself");
    else await this.#report({ runId, full, batches });
  }

  async #report(run: {
    readonly runId: string;
    readonly full: boolean;
    readonly batches: AsyncIterable<readonly PositionInput[]>;
  }): Promise<void> {
    const { source, client, log } = this.#parts;
    try {
      const report = { source, ...run };
      const { compared, drifted, deferred } = await client.reportPositions(report, { signal: this.#stop.signal });
      const figures = { compared: String(compared), drifted: String(drifted), deferred: String(deferred) };
      log.info({ runId: run.runId, ...figures }, "positions told");
    } catch (error) {
      // The server may well ask again; a run that it will not have must not hold up the events.
      if (!isForAPerson(error)) throw error;
      log.error({ runId: run.runId, reason: reasonOf(error) }, "positions are refused");
    }
  }

  async #deliverOrders(): Promise<void> {
    const { source, client, adapter, orderStore, orders, environment, log } = this.#parts;
    const deliver = adapter.deliverOrder?.bind(adapter);
    if (!orders || deliver === undefined) return;
    const delivery = new OrderDelivery({ source, client, deliver, store: orderStore, environment, log });
    await delivery.run(this.#stop.signal).catch((error: unknown) => this.#fail(error));
  }

  #erpAnswered(): void {
    if (this.#silentSinceMs !== undefined) {
      const silentMs = Math.round(this.#parts.environment.nowMs() - this.#silentSinceMs);
      this.#parts.log.info({ silentMs }, "the ERP answers again");
    }
    this.#silentSinceMs = undefined;
    this.#erpAnswers = true;
  }

  #getOver(error: unknown): void {
    const reason = reasonOf(error);
    if (isForAPerson(error)) {
      this.#fail(error);
    } else if (error instanceof HoldfastError) {
      this.#parts.log.warn({ reason }, "Holdfast did not answer; trying again");
    } else {
      this.#erpFailed(error, reason);
    }
  }

  #erpFailed(error: unknown, reason: string): void {
    const { log, environment } = this.#parts;
    if (!(error instanceof ErpUnavailable)) log.error({ reason }, "the ERP's events cannot be taken; trying again");
    else if (this.#silentSinceMs === undefined) log.warn({ reason }, "the ERP does not answer");
    else log.debug({ reason }, "the ERP still does not answer");
    this.#silentSinceMs ??= environment.nowMs();
    this.#erpAnswers = false;
  }

  #pusherOptions() {
    const { source, heartbeatMs, log } = this.#parts;
    return {
      source,
      heartbeatMs,
      isSourceAlive: () => this.#erpAnswers,
      onAcknowledged: (acknowledgement: Acknowledgement) => this.#acknowledged(acknowledgement),
      onPositionsRequest: (request: PositionsRequest) => this.#want(request),
      onMissing: ({ first, last }: MissingRange) => {
        const found = (this.#feed?.pending ?? []).filter(({ sequence }) => sequence >= first && sequence <= last);
        if (found.length === 0) log.error({ first: String(first), last: String(last) }, "Holdfast lost events");
        return found.map((event) => ({ ...event, body: event.body as Extract<typeof event.body, { case: string }> }));
      },
      onError: (error: unknown) => {
        if (this.#stop.signal.aborted) return;
        log.warn({ reason: reasonOf(error) }, "the connection to Holdfast was interrupted");
      },
    };
  }

  #acknowledged({ disposition, reason, eventId, sequence }: Acknowledgement): void {
    if (disposition !== Disposition.REJECTED) return;
    this.#parts.log.warn({ eventId, sequence: String(sequence), reason }, "Holdfast rejected an event: a dead letter");
    if (!reason.startsWith("SEQUENCE_REUSED")) return;
    this.#fail(new SourceNumberedElsewhere(this.#parts.source, { theirs: sequence, ours: sequence - 1n }));
  }

  #want(wanted: PositionsRequest): void {
    if (this.#requests.some((other) => other.wanted.runId === wanted.runId)) return;
    this.#requests.push({ wanted, failures: 0 });
    if (this.#requests.length > REQUESTS_MAX) this.#requests.shift();
    this.#wake?.abort();
  }

  #fail(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#failure ??= error;
    this.#stop.abort();
  }
}

/** Whether another try would not change it. */
function isForAPerson(error: unknown): boolean {
  if (error instanceof HoldfastError) return !isPassing(error);
  return error instanceof StateDamaged || error instanceof SourceNumberedElsewhere;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function* atSequence(
  pages: AsyncIterable<readonly Omit<PositionInput, "asOfSequence">[]>,
  asOfSequence: bigint,
): AsyncGenerator<PositionInput[], void, undefined> {
  for await (const page of pages) yield page.map((position) => ({ ...position, asOfSequence }) as PositionInput);
}
