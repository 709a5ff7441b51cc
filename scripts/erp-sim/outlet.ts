/**
 * One connection of the simulated ERP, from plugging in to pulling out: a pusher of its events, a watch of its orders, answers to
 * requests for positions. After `close` nothing is sent or heard any more, as if the cable were out.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Disposition,
  type EventPusher,
  HoldfastClient,
  type OrderEvent,
  type PositionInput,
  type PositionsRequest,
  timestampFromMs,
} from "../../src/client/index.js";
import type { TruthEvent } from "./erp-truth.js";

export interface OutletParts {
  /** HOST:PORT of the service. */
  readonly address: string;
  readonly source: string;
  readonly heartbeatMs: number;
  /** Of the last order event that was heard; empty for the first time. */
  readonly cursor: string;
  readonly log: (line: string) => void;
  readonly onSent: () => void;
  readonly onAcknowledged: (sequence: number, disposition: Disposition) => void;
  readonly onOrder: (event: OrderEvent | undefined, cursor: string) => void;
  readonly positions: (request: PositionsRequest) => Iterable<PositionInput[]>;
  /** A report was answered; how many stocks had drifted. */
  readonly onRun: (drifted: number) => void;
}

/** Before a watch that the service refused is tried again. */
const WATCH_RETRY_MS = 1_000;

export class Outlet {
  readonly #parts: OutletParts;
  readonly #client: HoldfastClient;
  readonly #pusher: EventPusher;
  readonly #unplugged = new AbortController();
  readonly #queue: TruthEvent[] = [];
  #sending: Promise<void> | undefined;
  #unacknowledged = 0;
  #said = "";
  #isOpen = false;

  constructor(parts: OutletParts) {
    this.#parts = parts;
    const { address, source, heartbeatMs, onAcknowledged } = parts;
    this.#client = new HoldfastClient(address);
    this.#pusher = this.#client.pushEvents({
      source,
      heartbeatMs,
      onAcknowledged: ({ sequence, disposition }) => onAcknowledged(Number(sequence), disposition),
      onPositionsRequest: (request) => this.#report(request),
      onError: (error) => this.#say(error),
    });
  }

  /** Everything given to it is acknowledged. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#sending === undefined && this.#unacknowledged === 0;
  }

  /** The service has answered, and events may be sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Waits for the service and begins to listen; the sequence that it has applied, unless it was closed meanwhile. */
  async open(): Promise<number | undefined> {
    try {
      const { appliedSequence } = await this.#pusher.started;
      this.#isOpen = true;
      void this.#watch();
      return Number(appliedSequence);
    } catch (error) {
      if (this.#unplugged.signal.aborted) return undefined;
      throw error;
    }
  }

  /** Takes events, to be sent in this order as the service takes them. */
  send(events: readonly TruthEvent[]): void {
    this.#queue.push(...events);
    if (this.#queue.length > 0) this.#sending ??= this.#sendAll();
  }

  announce(lastSequence: number): void {
    this.#pusher.announce(lastSequence);
  }

  /** Resolves once everything given to it is acknowledged, or it is unplugged. */
  async flush(): Promise<void> {
    await this.#sending;
    await this.#pusher.flush().catch(() => {});
  }

  async close(): Promise<void> {
    this.#unplugged.abort();
    this.#isOpen = false;
    this.#pusher.cancel();
    await this.#pusher.close().catch(() => {});
    this.#client.close();
  }

  async #sendAll(): Promise<void> {
    try {
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
        const { sequence, eventId, occurredAtMs, body } = event;
        this.#unacknowledged += 1;
        const input = { sequence, eventId, occurTime: timestampFromMs(occurredAtMs), body };
        const { acknowledged } = await this.#pusher.push(input);
        const settle = (): void => {
          this.#unacknowledged -= 1;
        };
        acknowledged.then(settle, settle);
        this.#parts.onSent();
      }
    } catch (error) {
      this.#say(error);
    } finally {
      this.#sending = undefined;
    }
  }

  async #watch(): Promise<void> {
    const { source, onOrder } = this.#parts;
    const { signal } = this.#unplugged;
    let { cursor } = this.#parts;
    while (!signal.aborted) {
      try {
        for await (const message of this.#client.watchOrders({ source, cursor, fromOldest: true, signal })) {
          cursor = message.cursor;
          if (!signal.aborted) onOrder(message.event, cursor);
        }
      } catch (error) {
        this.#say(error);
        await sleep(WATCH_RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  async #report(request: PositionsRequest): Promise<void> {
    const { source, positions, onRun, log } = this.#parts;
    const { runId, full } = request;
    const report = { source, runId, full, batches: positions(request) };
    const { compared, drifted } = await this.#client.reportPositions(report, { signal: this.#unplugged.signal });
    if (this.#unplugged.signal.aborted) return;
    onRun(Number(drifted));
    log(`positions told for ${runId}: ${compared} compared, ${drifted} drifted`);
  }

  /** What fails because the cable is out is no news, and neither is the same again. */
  #say(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (this.#unplugged.signal.aborted || text === this.#said) return;
    this.#said = text;
    this.#parts.log(text);
  }
}
