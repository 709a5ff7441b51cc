/**
 * Every bound of the engine in one place, each with its reason (decision 12). Full means a clear refusal now, never a growing queue.
 * Those that an operator may want to move are keys of the configuration (config.ts) and have their default there.
 */
export const LIMITS = {
  /** Commands decided in one turn: about a millisecond of work, so that the event loop gets to its sockets in between. */
  turnCommandsMax: 256,
  /** Holds expired in one turn. While more are due nothing else is decided, so no due hold counts in any decision. */
  turnExpiriesMax: 1024,
  /** Bytes of records that wait for the append before them: what is beyond waits in the inbox, which refuses when full. */
  blockBytesMax: 4 * 1024 * 1024,
  /** Rounds of the event loop that a block with several callers waits for more, and the size beyond which it does not. */
  appendRoundsMax: 3,
  blockBytesWorthWaiting: 64 * 1024,
  /** Pages put to bytes between two turns while a checkpoint is made: a fraction of a millisecond. */
  checkpointPagesPerTurn: 8,
  /** How far the journal's tail may grow while a checkpoint is made, in parts of what makes one due; then decisions wait. */
  tailGrowthMax: 1,
  /** Reservations that one ListReservations call looks at before it gives a page, full or not. */
  listScanMax: 2000,
  /**
   * Lines of reservations in one page, at least one reservation given: a thousand wide orders would block a turn for long and
   * pass the 4 MiB that callers take by default. With names of four bytes in each character these are 3 MB.
   */
  pageLinesMax: 5_000,
  /** Events of one source ahead of a gap, kept durably. */
  bufferedEventsMax: 10_000,
  /** Ranges of missing sequences named in one answer. */
  missingRangesMax: 100,
  /** ERP feeds. A caller that makes up sources is refused before memory is. */
  sourcesMax: 1_000,
  /** Warehouses, one partition each. */
  warehousesMax: 10_000,
  /** Registered dealers, which stay in memory. */
  dealersMax: 1_000_000,
  /** Policies of warehouses and dealers, which stay in memory. */
  policiesMax: 1_000_000,
  /** Dispatch exceptions shown by GetStock. */
  exceptionsShownMax: 100,
  /** Bytes kept of an ERP event whose body could not be taken. */
  faultyEventBytesMax: 16 * 1024,
  /** How often free disk space is looked at. */
  freeSpaceCheckMs: 1_000,
} as const;
