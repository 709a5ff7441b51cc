/**
 * What goes out on one stream of a pusher, pulled as the stream has room: the backlog in order, heartbeats when they are due.
 * It ends with its stream; a pull that is under way then takes nothing from the backlog any more.
 */
import type { ErpEvent } from "../gen/holdfast/v1/erp_event_pb.js";
import type { EventBacklog } from "./event-backlog.js";
import type { RetryEnvironment } from "./retry.js";

export interface EventFeedParts {
  readonly backlog: EventBacklog;
  /** At least this often one heartbeat, and one at once where nothing else waits when the stream opens. */
  readonly heartbeatMs: number;
  readonly environment: RetryEnvironment;
  /** Made when it is due; undefined when the source is silent, and then it is due again after as long. */
  readonly heartbeat: () => ErpEvent | undefined;
  /** Nothing will come any more: the stream ends once the backlog is sent. */
  readonly isComplete: () => boolean;
}

const DONE = { done: true, value: undefined } as const;

export class EventFeed implements AsyncIterableIterator<ErpEvent> {
  readonly #parts: EventFeedParts;
  #heartbeatDueAtMs: number;
  #isOver = false;
  #idle: AbortController | undefined;

  constructor(parts: EventFeedParts) {
    this.#parts = parts;
    const { backlog, environment, heartbeatMs } = parts;
    this.#heartbeatDueAtMs = environment.nowMs() + (backlog.hasWaiting ? heartbeatMs : 0);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ErpEvent, undefined>> {
    const { backlog, environment, heartbeatMs, heartbeat, isComplete } = this.#parts;
    for (;;) {
      if (this.#isOver) return DONE;
      const dueInMs = this.#heartbeatDueAtMs - environment.nowMs();
      if (dueInMs <= 0) {
        this.#heartbeatDueAtMs = environment.nowMs() + heartbeatMs;
        const value = heartbeat();
        if (value !== undefined) {
          backlog.sendHeartbeat(value);
          return { done: false, value };
        }
      }
      const value = backlog.take();
      if (value !== undefined) return { done: false, value };
      if (isComplete()) return DONE;
      await this.#pause(this.#heartbeatDueAtMs - environment.nowMs());
    }
  }

  return(): Promise<IteratorResult<ErpEvent, undefined>> {
    this.#isOver = true;
    this.wake();
    return Promise.resolve(DONE);
  }

  /** Something is there to send, or everything is sent. */
  wake(): void {
    this.#idle?.abort();
  }

  async #pause(delayMs: number): Promise<void> {
    this.#idle = new AbortController();
    await this.#parts.environment.sleep(delayMs, this.#idle.signal).catch(() => {});
    this.#idle = undefined;
  }
}
