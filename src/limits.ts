/**
 * Every bound in one place, each with its reason (decision 12). Full means a clear refusal now, never a growing queue.
 * Those that an operator may want to move are keys of the configuration (config.ts) and have their default there.
 */
export const LIMITS = {
  /** Commands decided in one turn: about a millisecond of work, so that the event loop gets to its sockets in between. */
  turnCommandsMax: 256,
  /** Holds expired in one turn. While more are due nothing else is decided, so no due hold counts in any decision. */
  turnExpiriesMax: 1024,
  /** Provisional orders confirmed in one turn. */
  turnConfirmationsMax: 256,
  /** Positions compared in one turn, or stocks looked at that a source did not tell. */
  turnPositionsMax: 64,
  /** Differences decided about in one turn, each a record with what follows from it. */
  turnDifferencesMax: 64,
  /** Positions of all sources that wait until we have got to their sequence; those beyond are compared in the next run. */
  deferredPositionsMax: 100_000,
  /** Differences of all runs that are kept until their run is complete, about 20 MB; those beyond are decided about at once. */
  keptDifferencesMax: 100_000,
  /** Runs of positions under way at once, and runs that wait for their source to get to their end: sources report one at a time. */
  positionRunsMax: 64,
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
  /** Bytes of the events in one page, about: one more may pass it, and the whole stays below the same 4 MiB. */
  pageBytesMax: 2 * 1024 * 1024,
  /** Events of one source ahead of a gap, kept durably. */
  bufferedEventsMax: 10_000,
  /** When to come back where the memory of requests is full: it empties with retention, in days, not in milliseconds. */
  answersRetryMs: 60_000,
  /** Ranges of missing sequences named in one answer. */
  missingRangesMax: 100,
  /** ERP feeds. A caller that makes up sources is refused before memory is. */
  sourcesMax: 1_000,
  /** Sources heard in this process, those that only send heartbeats included, and when a silent one of those may be forgotten. */
  sourcesHeardMax: 2_000,
  sourceForgottenMs: 3_600_000,
  /** Warehouses, one partition each. */
  warehousesMax: 10_000,
  /** Registered dealers, which stay in memory. */
  dealersMax: 1_000_000,
  /** Policies of warehouses and dealers, which stay in memory. */
  policiesMax: 1_000_000,
  /** Dispatch exceptions shown by GetStock. */
  exceptionsShownMax: 100,
  /** A source that tells of things this long past is being loaded, and is not behind. */
  latencyCountedMs: 24 * 3_600_000,
  /** How long a stock's movements are remembered: what is older can be neither reversed nor compared. */
  movementsKeptMs: 30 * 24 * 3_600_000,
  /** Bytes kept of an ERP event whose body could not be taken. */
  faultyEventBytesMax: 16 * 1024,
  /** Outcomes of orders kept in memory for consumers that have caught up, and their lines: a few seconds of a full load, below 10 MB. */
  orderRingOutcomesMax: 8_192,
  orderRingLinesMax: 65_536,
  /** What one read of the journal gives to a consumer that is behind, and how many of those go on at once. */
  orderReadOutcomesMax: 512,
  orderReadBytesMax: 1024 * 1024,
  orderReadsMax: 2,
  /** A consumer that has nothing to be told gets a cursor all the same: the first soon, to begin from, then now and then. */
  orderFirstCursorMs: 1_000,
  orderIdleMs: 15_000,
  /** Stocks in one message of a watch: some ten kilobytes. */
  watchPartStocksMax: 256,
  /** Stocks looked at for one message, told or not: about a millisecond of work. */
  watchSweepStocksMax: 4_096,
  /** Parts of one warehouse kept for others who stand at the same place, until the next change. */
  watchStepsKeptMax: 64,
  /** Watches told before others have their turn: a millisecond or two of writes. */
  watchesPerSlice: 64,
  /** How often watches are looked at for a heartbeat that is due and for a reader that has gone. */
  watchBeatMs: 1_000,
  /** How often free disk space is looked at. */
  freeSpaceCheckMs: 1_000,
} as const;

/** Every bound of the gRPC edge. */
export const EDGE_LIMITS = {
  /** Messages of one stream that are taken and not yet answered: enough to fill a turn, small enough to cost nothing. */
  streamInFlightMax: 1_024,
  /**
   * Lines in what one stream has under way, and again in what it does not read: 1,024 messages of 1,000 lines each would
   * be half a gigabyte, this many lines are below 10 MB with the longest names.
   */
  streamCostMax: 16_384,
  /** Answers of one stream held for a caller that does not read: a turn's worth, so that a burst never waits for the reader. */
  streamUnsentMax: 256,
  /** Answers of one stream handed to HTTP/2 at once, by number and by bytes: enough to share one write to the socket. */
  streamWritesMax: 64,
  streamWriteBytesMax: 64 * 1024,
  /** Streams open at once, watches and reflection included: times the bounds above, what they can keep is bounded. */
  streamsMax: 10_000,
  /** Messages of one watch that are written and not yet taken by HTTP/2: what changes meanwhile is conflated. */
  watchUnsentMax: 4,
  /** Largest message received, the default of gRPC: 1,000 lines with the longest names take about a sixth of it. */
  receiveBytesMax: 4 * 1024 * 1024,
  /** Elements of one repeated field that are decoded, and one more: lines of an order, SKUs of a question, positions of a report. */
  elementsMax: 10_000,
  /** Calls and streams of one connection at once; more wait at the caller. */
  concurrentStreamsMax: 2_000,
  /** Megabytes that one connection may hold in HTTP/2 buffers. */
  sessionMemoryMb: 64,
  /** A connection without calls is closed after this; its client connects again by itself. */
  connectionIdleMs: 30 * 60_000,
  /** A connection takes no new calls after this, so that callers spread again over servers; its open streams go on. */
  connectionAgeMs: 12 * 60 * 60_000,
  /** A silent connection is probed, so that a dead peer does not hold one for ever. */
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  /** Connections to the port, several for each dealer's system and every connector; more are turned away at once. */
  connectionsMax: 4_096,
  /** A connection that we ended is cut when its peer does not end it too: long enough for a round trip round the world. */
  lingerMs: 500,
  /**
   * What one status may put into the trailers, as many callers take 8 KiB of headers and drop the call beyond: the message
   * (each byte may become three), and in the details, which base64 makes a third longer, the message again, metadata and
   * field violations. 3 x 384 + 4/3 x (384 + 2,048 + 1,536 + about 500 of framing) is below 7.2 KiB.
   */
  statusMessageBytesMax: 384,
  statusMetadataBytesMax: 2_048,
  statusViolationsBytesMax: 1_536,
  /** Bad fields noted of one request: more than fit into a status, few enough that a long bad list costs nothing. */
  violationsMax: 64,
  /** Bytes kept of the event_id of an event that cannot be taken: as long as a good one can be. */
  faultyEventIdBytesMax: 512,
  /** Bytes of a request_id that cannot be taken which its answer on a stream repeats: as long as a good one can be. */
  faultyRequestIdBytesMax: 512,
  /** Over HTTP: until a request's headers are there, and until all of it is; a caller that dribbles is cut off. */
  httpHeadersMs: 10_000,
  httpRequestMs: 60_000,
  httpHeaderBytesMax: 16 * 1024,
  /** Between two requests of an HTTP connection: longer than proxies keep theirs, so that the one who closes is the proxy. */
  httpKeepAliveMs: 75_000,
  /** An HTTP caller that takes nothing of what is written to it for so long is cut off. */
  httpStalledMs: 60_000,
  /** Bytes of all HTTP bodies being read, beyond the first part of each, which every one of our connections may have. */
  httpBodyBytesMax: 128 * 1024 * 1024,
  httpBodyPartBytes: 64 * 1024,
  /** Of one JSON body: values, how deep they lie in each other, and the length of one text or number. */
  jsonValuesMax: 100_000,
  jsonDepthMax: 64,
  jsonTextBytesMax: 64 * 1024,
} as const;

export type EdgeLimits = { readonly [Name in keyof typeof EDGE_LIMITS]: number };
