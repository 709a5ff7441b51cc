/**
 * From the ERP's changes to numbered, durable events of Holdfast: reads a batch after the cursor, numbers it, keeps batch and
 * cursor, and only then sends.
 *
 * 1. A number is sent only after it is kept together with its event and the cursor behind it. After a crash the kept batch is
 *    sent again under the same numbers, and reading goes on behind it: no event is lost, and none has two numbers.
 * 2. At most one batch is under way; the next is read when Holdfast has this one durably.
 * 3. It goes on only where Holdfast knows no number that it has not given out: another connector would number over it.
 */
import { create } from "@bufbuild/protobuf";
import { type ErpEvent, ErpEventSchema, type EventPusher } from "../client/index.js";
import { messageFromInput } from "../client/message-input.js";
import type { Changes, ErpAdapter, ErpChange, ToldPositions } from "./erp-adapter.js";
import { type FeedState, feedFromStored, type StoredFeed, storedFeed } from "./feed-state.js";
import type { StateStore } from "./state-file.js";

export interface ChangeFeedParts {
  readonly source: string;
  readonly adapter: ErpAdapter;
  readonly store: StateStore<StoredFeed>;
  readonly pusher: Pick<EventPusher, "started" | "push" | "flush" | "announce">;
  readonly eventsMax: number;
  /** Compares positions that the ERP told by itself; true at the sequence. They count as told once it resolves. */
  readonly reportPositions: (told: ToldPositions, asOfSequence: bigint) => Promise<void>;
}

export interface Poll {
  /** Now durable in Holdfast, in their order. */
  readonly events: readonly ErpEvent[];
  readonly hasMore: boolean;
}

/** Another program numbers this source's events, or the state is an older copy. Going on would lose events. */
export class SourceNumberedElsewhere extends Error {
  readonly code = "SOURCE_NUMBERED_ELSEWHERE";

  constructor(source: string, numbers: { readonly theirs: bigint; readonly ours: bigint }) {
    const { theirs, ours } = numbers;
    super(
      `Holdfast has events of source ${source} up to ${theirs}, but this connector's state knows of ${ours}: ` +
        'another program numbers them, or the state is missing or old. See "the state is lost" in docs/connect.md',
    );
    this.name = "SourceNumberedElsewhere";
  }
}

/** There is nothing to take over: this connector knows its numbers. */
export class StateThere extends Error {
  readonly code = "CONNECTOR_STATE_THERE";

  constructor(source: string) {
    super(`the connector of ${source} has its state and goes on by itself: start it without --take-over`);
    this.name = "StateThere";
  }
}

/** A lost state cannot be taken over while Holdfast waits for events that nobody has any more. */
export class GapsOpen extends Error {
  readonly code = "SOURCE_HAS_GAPS";

  constructor(source: string) {
    super(`Holdfast waits for events of source ${source} that are lost with the state: let it skip the gap first`);
    this.name = "GapsOpen";
  }
}

export class ChangeFeed {
  readonly #parts: ChangeFeedParts;
  #state: FeedState;

  private constructor(parts: ChangeFeedParts, state: FeedState) {
    this.#parts = parts;
    this.#state = state;
  }

  /**
   * For a state that is lost: numbers on behind what Holdfast has, and reads on from the ERP's present. What happened in between
   * is not told; the positions of every stock have to be. Throws where there is a state.
   */
  static async takeOver(parts: ChangeFeedParts, signal: AbortSignal): Promise<ChangeFeed> {
    if ((await parts.store.load()) !== undefined) throw new StateThere(parts.source);
    const cursor = await parts.adapter.presentCursor(signal);
    const { appliedSequence, gaps } = await parts.pusher.started;
    // What waits behind a gap has numbers that nobody tells us.
    if (gaps.length > 0) throw new GapsOpen(parts.source);
    const sequence = appliedSequence;
    const feed = new ChangeFeed(parts, { cursor, sequence, pending: [] });
    await feed.#keep(feed.#state);
    return feed;
  }

  /** Takes up where the last run ended, and sends what it may have left unsent. Waits for Holdfast. */
  static async open(parts: ChangeFeedParts): Promise<ChangeFeed> {
    const state = feedFromStored(parts.source, await parts.store.load());
    const { appliedSequence } = await parts.pusher.started;
    if (appliedSequence > state.sequence) {
      throw new SourceNumberedElsewhere(parts.source, { theirs: appliedSequence, ours: state.sequence });
    }
    const feed = new ChangeFeed(parts, state);
    await feed.#send(state.pending.filter(({ sequence }) => sequence > appliedSequence));
    return feed;
  }

  /** The last number that was given out; its event is durable in Holdfast between polls. */
  get sequence(): bigint {
    return this.#state.sequence;
  }

  /** Kept and maybe not sent yet: what Holdfast may ask for again. */
  get pending(): readonly ErpEvent[] {
    return this.#state.pending;
  }

  /** One batch from the ERP into Holdfast. A batch that could not be read, reported or kept comes again with the next call. */
  async poll(signal: AbortSignal): Promise<Poll> {
    const { adapter, eventsMax } = this.#parts;
    const changes = await adapter.changes(this.#state.cursor, { eventsMax, signal });
    const { events, cursor, positions } = changes;
    if (events.length === 0 && cursor === this.#state.cursor) return { events: [], hasMore: changes.hasMore };
    const numbered = this.#numbered(changes);
    if (positions !== undefined) {
      await this.#parts.reportPositions(positions, this.#state.sequence);
      signal.throwIfAborted();
    }
    await this.#keep({ cursor, sequence: this.#state.sequence + BigInt(numbered.length), pending: numbered });
    await this.#send(numbered);
    return { events: numbered, hasMore: changes.hasMore };
  }

  #numbered({ events, positions }: Changes): ErpEvent[] {
    if (positions !== undefined && events.length > 0) {
      throw new Error("an adapter told events and positions at once; which were first would be open");
    }
    const { sequence } = this.#state;
    return events.map((change, index) => eventOf(this.#parts.source, change, sequence + BigInt(index + 1)));
  }

  async #keep(state: FeedState): Promise<void> {
    await this.#parts.store.save(storedFeed(this.#parts.source, state));
    this.#state = state;
  }

  async #send(events: readonly ErpEvent[]): Promise<void> {
    const { pusher, adapter } = this.#parts;
    pusher.announce(this.#state.sequence);
    for (const event of events) {
      await pusher.push(event as typeof event & { body: ErpChange["body"] });
    }
    await pusher.flush();
    if (this.#state.cursor !== undefined) await adapter.settled?.(this.#state.cursor);
  }
}

function eventOf(source: string, { eventId, occurTime, body }: ErpChange, sequence: bigint): ErpEvent {
  return messageFromInput(ErpEventSchema, create(ErpEventSchema, { source, sequence, eventId, occurTime, body }));
}
