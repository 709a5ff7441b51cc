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
} as const;
