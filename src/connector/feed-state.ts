/** What the connector has to remember of the events: which are numbered, from where it reads on, and which may not be sent yet. */
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type ErpEvent, ErpEventSchema } from "../client/index.js";

export interface FeedState {
  /** The ERP was read up to here; every event up to it has its number. Undefined: nothing was read yet. */
  readonly cursor: string | undefined;
  /** The last number that was given out. */
  readonly sequence: bigint;
  /** Numbered, and not known to be durable in Holdfast: the newest events, up to `sequence` without a gap. */
  readonly pending: readonly ErpEvent[];
}

/** As it stands in the file. */
export interface StoredFeed {
  readonly version: 1;
  readonly source: string;
  readonly cursor: string | null;
  readonly sequence: string;
  readonly pending: readonly JsonValue[];
}

export const EMPTY_FEED: FeedState = { cursor: undefined, sequence: 0n, pending: [] };

export function storedFeed(source: string, { cursor, sequence, pending }: FeedState): StoredFeed {
  return {
    version: 1,
    source,
    cursor: cursor ?? null,
    sequence: String(sequence),
    pending: pending.map((event) => toJson(ErpEventSchema, event)),
  };
}

/** Throws when the state is another source's, or of a version that this program does not know. */
export function feedFromStored(source: string, stored: StoredFeed | undefined): FeedState {
  if (stored === undefined) return EMPTY_FEED;
  if (stored.version !== 1)
    throw new Error(`the connector's state has version ${stored.version}; this program knows 1`);
  if (stored.source !== source) {
    throw new Error(`the connector's state is of source ${stored.source}, not of ${source}: name another state folder`);
  }
  return {
    cursor: stored.cursor ?? undefined,
    sequence: BigInt(stored.sequence),
    pending: stored.pending.map((event) => fromJson(ErpEventSchema, event)),
  };
}
