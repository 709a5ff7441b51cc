/**
 * Every name that telemetry gives to something, in one place: spans, attributes and instruments. Those of calls are OpenTelemetry's
 * conventions for RPC; those with `holdfast.` are ours. Dealers, stocks and orders are attributes of spans, never of metrics.
 */
export const SPANS = {
  /** Waits for its turn. */
  inbox: "holdfast.inbox",
  /** Is decided. */
  turn: "holdfast.turn",
  /** Its outcome waits until the block that it stands in is durable; linked to the append of that block. */
  durable: "holdfast.durable",
  /** A block is written and synced, for all who wait for it. */
  append: "holdfast.append",
  /** One event of an ERP, from its arrival to its effect. */
  erpEvent: "process holdfast.v1.ErpService/StreamEvents",
} as const;

export const ATTRIBUTES = {
  dealer: "holdfast.dealer.id",
  order: "holdfast.order.id",
  reservation: "holdfast.reservation.id",
  warehouse: "holdfast.warehouse.id",
  skus: "holdfast.skus",
  lines: "holdfast.lines",
  source: "holdfast.source",
  sequence: "holdfast.sequence",
  command: "holdfast.command",
  outcome: "holdfast.outcome",
  reason: "holdfast.reason",
  records: "holdfast.block.records",
  bytes: "holdfast.block.bytes",
  callers: "holdfast.block.callers",
  measure: "holdfast.measure",
  window: "holdfast.window",
  quantile: "holdfast.quantile",
  state: "holdfast.state",
} as const;

export const METRICS = {
  refusals: "holdfast.refusals",
  turnDuration: "holdfast.turn.duration",
  turnCommands: "holdfast.turn.commands",
  appendDuration: "holdfast.append.duration",
  blockBytes: "holdfast.block.size",
  records: "holdfast.journal.records",
  inboxDepth: "holdfast.inbox.depth",
  residentItems: "holdfast.resident.items",
  overlayPages: "holdfast.overlay.pages",
  pagePuts: "holdfast.snapshot.puts",
  answersKept: "holdfast.answers.kept",
  checkpointBehind: "holdfast.checkpoint.behind",
  openStreams: "holdfast.streams.open",
  latency: "holdfast.sync.latency",
  accuracy: "holdfast.reservation.accuracy",
  drift: "holdfast.drift.per_thousand",
  amount: "holdfast.sync.amount",
  level: "holdfast.sync.level",
  sourceSilence: "holdfast.source.silence",
  sourceState: "holdfast.source.state",
  eventLoopDelay: "nodejs.eventloop.delay",
  residentMemory: "process.memory.usage",
  heapUsed: "v8js.memory.heap.used",
  cpuTime: "process.cpu.time",
} as const;
