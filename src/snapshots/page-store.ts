/**
 * The port to where pages lie: a local key-value store that can read synchronously.
 * It is not trusted: what it returns is believed only when the page table's hash proves it.
 */
export interface PageStore {
  /** The value under a key; undefined when there is none. Throws when the store cannot read. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Writes and deletes as one synced batch. */
  write(batch: PageBatch): Promise<void>;
  close(): Promise<void>;
}

export interface PageBatch {
  readonly puts: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly deletes: readonly Uint8Array[];
}

/** A snapshot that is missing, stale or wrong. Nothing of it is served; it is rebuilt from the journal. */
export class SnapshotDamaged extends Error {
  override readonly name = "SnapshotDamaged";
}
