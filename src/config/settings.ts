/**
 * Every setting there is: key, default, what is allowed, and what it does. The only place where a setting is defined;
 * the variables' names, the help and docs/configuration.md are made from it.
 */
import {
  address,
  addressOr,
  count,
  cronPattern,
  duration,
  oneOf,
  origins,
  path,
  ratio,
  type SettingKind,
  size,
  timeZone,
  urlOr,
  yesOrNo,
} from "./setting-kind.js";

export interface Setting<T> {
  /** As an operator would write it. */
  readonly defaultText: string;
  readonly kind: SettingKind<T>;
  /** One sentence with the unit. */
  readonly doc: string;
}

/** By key: a dot separates a section of the file from what is in it. In the order of the documentation. */
export const SETTINGS = {
  listen: setting("127.0.0.1:7420", address(), "Host and port on which gRPC is served."),
  data: setting("./data", path(), "Folder of the journal and the snapshots; made when it is not there."),
  "http.listen": setting(
    "auto",
    addressOr("auto", "off"),
    "Where Connect, gRPC-Web and JSON are served: auto is 127.0.0.1:7421, and beside another gRPC port than 7420 a free one where that is taken.",
  ),
  "http.allowedOrigins": setting(
    "none",
    origins(),
    "Origins of web pages that may call over HTTP, besides pages of the same origin.",
  ),
  "dealers.requireKnown": setting("false", yesOrNo(), "Whether a dealer has to be registered before it may reserve."),
  "log.level": setting(
    "info",
    oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
    "The least severe level that is logged.",
  ),
  "log.format": setting(
    "auto",
    oneOf("auto", "json", "pretty"),
    "How log lines look: auto is pretty on a terminal and JSON elsewhere.",
  ),
  "freshness.laggingAfter": setting(
    "60s",
    duration("1ms", "30d"),
    "Time without word from an ERP source after which its stock is called lagging.",
  ),
  "freshness.staleAfter": setting(
    "15m",
    duration("1ms", "30d"),
    "Time without word from an ERP source after which it counts as away: a buffer is held back, and orders are provisional.",
  ),
  "freshness.gapWait": setting(
    "30s",
    duration("1ms", "30d"),
    "Time after which an event that an ERP source did not send may be passed over.",
  ),
  "freshness.gapPolicy": setting(
    "wait",
    oneOf("wait", "skip"),
    "What then happens: wait leaves it to an operator, skip passes over it on record and asks for positions.",
  ),
  "erp.quantityMax": setting(
    "100000000",
    count("1", "9007199254740991"),
    "Largest quantity of an ERP event, up or down, that is taken without an operator's word; above it the event is a dead letter.",
  ),
  "drift.fullSchedule": setting(
    "0 2 * * *",
    cronPattern(),
    "When every ERP source is asked for all its positions: by default each night at two.",
  ),
  "drift.moversSchedule": setting(
    "0 * * * *",
    cronPattern(),
    "When every ERP source is asked for the positions of what moved lately: by default each hour.",
  ),
  "drift.timeZone": setting("UTC", timeZone(), "Time zone of both schedules."),
  "watch.conflate": setting(
    "50ms",
    duration("1ms", "1m"),
    "Time for which changes of availability are gathered before watchers are told; each stock then with its newest figure.",
  ),
  "watch.heartbeat": setting(
    "10s",
    duration("100ms", "1h"),
    "Time without a change after which a watcher of availability is told that there is none.",
  ),
  "watch.unreadMax": setting(
    "60s",
    duration("1s", "1d"),
    "Time after which a watcher of availability that does not read what it is told is ended.",
  ),
  "telemetry.metrics": setting(
    "true",
    yesOrNo(),
    "Whether measures are taken, and served as /metrics over HTTP for Prometheus.",
  ),
  "telemetry.endpoint": setting(
    "auto",
    urlOr("auto", "off"),
    "Where traces and measures are sent by OTLP over HTTP: auto is where OTEL_EXPORTER_OTLP_ENDPOINT says, and nowhere without it.",
  ),
  "telemetry.sampleRatio": setting(
    "0.01",
    ratio(),
    "Part of the calls that are traced where the caller has not decided; a caller's sampled or unsampled traceparent is followed.",
  ),
  "telemetry.exportInterval": setting("60s", duration("1s", "1h"), "How often measures are sent by OTLP."),
  "residency.stocksMax": setting(
    "50000",
    count("100", "10000000"),
    "Stocks kept in memory over all warehouses; the others are read from disk when needed.",
  ),
  "residency.reservationsMax": setting(
    "50000",
    count("100", "10000000"),
    "Reservations kept in memory over all warehouses, and as many dealers; the others are on disk.",
  ),
  "checkpoint.tailRecordsMax": setting(
    "30000",
    count("1", "10000000"),
    "Journal records after which a checkpoint is made; it bounds what a start after a crash has to replay.",
  ),
  "checkpoint.tailBytesMax": setting(
    "16MiB",
    size("64KiB", "1GiB"),
    "Bytes of journal after which a checkpoint is made; it bounds what a start after a crash has to replay.",
  ),
  "journal.segmentBytes": setting("32MiB", size("1MiB", "1GiB"), "Bytes of a new segment file of the journal."),
  "journal.keepDays": setting(
    "0",
    count("0", "36500"),
    "Days for which the journal is kept beyond what is needed; 0 lets go of segments as soon as two images cover them.",
  ),
  "journal.keepBytes": setting(
    "0",
    size("0", "1024TiB"),
    "Bytes of journal that are kept at least, needed or not; the oldest segments go first.",
  ),
  "images.everyBytes": setting(
    "256MiB",
    size("64KiB", "1TiB"),
    "Bytes of journal after which an image of the whole state is made in the background, so that older segments can go.",
  ),
  "inbox.commandsMax": setting(
    "10000",
    count("1", "1000000"),
    "Commands that may wait for their turn; one more is refused as overloaded.",
  ),
  "idempotency.entriesMax": setting(
    "5000000",
    count("1", "50000000"),
    "Answers kept for repeated request ids; when that many are kept, new ids are refused until some run out.",
  ),
  "idempotency.retention": setting(
    "7d",
    duration("7d", "365d"),
    "Time for which an answer is kept at least, so that its request id may be repeated.",
  ),
  "disk.freeBytesMin": setting(
    "256MiB",
    size("0", "1024TiB"),
    "Bytes that stay free on the disk of the data folder, besides room for one more segment; below that new work is refused.",
  ),
  "limits.messageBytesMax": setting(
    "4MiB",
    size("256KiB", "64MiB"),
    "Bytes of the largest message that is received, also of what a compressed one inflates to.",
  ),
  "limits.connectionsMax": setting(
    "4096",
    count("1", "100000"),
    "Connections to each port at once; more are turned away.",
  ),
  "limits.connectionIdle": setting(
    "30m",
    duration("1s", "7d"),
    "Time after which a connection without calls is closed; clients connect again by themselves.",
  ),
  "limits.connectionAge": setting(
    "12h",
    duration("1m", "7d"),
    "Time, give or take a tenth, after which a connection takes no new calls; its open streams go on.",
  ),
  "limits.callsPerConnectionMax": setting(
    "2000",
    count("1", "100000"),
    "Calls and streams of one connection at once; more wait at the caller.",
  ),
  "limits.streamsMax": setting(
    "10000",
    count("1", "100000"),
    "Streams open at once over all connections; one more is refused as overloaded.",
  ),
  // The process has to be gone 10 s after SIGTERM; the rest is for the last checkpoint.
  "shutdown.grace": setting(
    "5s",
    duration("0s", "9s"),
    "Time that calls under way have to finish after SIGTERM before they are cut off.",
  ),
} as const;

export type SettingKey = keyof typeof SETTINGS;

/** The value of each setting after parsing: milliseconds, bytes, counts, words. */
export type SettingValues = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** The environment variable of a key: dealers.requireKnown is HOLDFAST_DEALERS_REQUIRE_KNOWN. */
export function variableOf(key: SettingKey): string {
  const words = key.replaceAll(".", "_").replace(/[A-Z]/g, (letter) => `_${letter}`);
  return `HOLDFAST_${words.toUpperCase()}`;
}

function setting<T>(defaultText: string, kind: SettingKind<T>, doc: string): Setting<T> {
  return { defaultText, kind, doc };
}
