/** Every bound of the gRPC edge, each with its reason. */
export const EDGE_LIMITS = {
  /** Messages of one stream that are taken and not yet answered: enough to fill a turn, small enough to cost nothing. */
  streamInFlightMax: 1_024,
  /** Largest message received, the default of gRPC: 1,000 lines with the longest names take about half of it. */
  receiveBytesMax: 4 * 1024 * 1024,
  /** Calls and streams of one connection at once; more wait at the caller. */
  concurrentStreamsMax: 2_000,
  /** Megabytes that one connection may hold in HTTP/2 buffers. */
  sessionMemoryMb: 64,
  /** A connection without calls is closed after this; its client connects again by itself. */
  connectionIdleMs: 30 * 60_000,
  /** A silent connection is probed, so that a dead peer does not hold one for ever. */
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
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
} as const;
