/**
 * The configuration: one validated object, read once at the start, from the defaults, then a file, then `HOLDFAST_*` variables,
 * then flags; the later wins. What the settings are stands in config/settings.ts.
 * A value is checked even where a later source overrides it: a mistake in a file must not wait for the day the flag is dropped.
 */
import { ConfigError, type ConfigProblem } from "./config/config-error.js";
import { type Reading, type Readings, readConfigFile } from "./config/config-file.js";
import { SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues, variableOf } from "./config/settings.js";

/** Durations in milliseconds, sizes in bytes. */
export type Config = ReturnType<typeof configOf>;

export interface ConfigSources {
  readonly flags: {
    readonly listen?: string | undefined;
    readonly data?: string | undefined;
    /** The configuration file; it goes before HOLDFAST_CONFIG. */
    readonly config?: string | undefined;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
}

const PREFIX = "HOLDFAST_";
const FILE_VARIABLE = "HOLDFAST_CONFIG";
/** The command line's own: the server that a client command talks to. */
const SERVER_VARIABLE = "HOLDFAST_SERVER";

const KEYS_BY_VARIABLE: ReadonlyMap<string, SettingKey> = new Map(SETTING_KEYS.map((key) => [variableOf(key), key]));

/** Reads the configuration, or throws a ConfigError: about the file alone when it cannot be read, else about all that is wrong. */
export function loadConfig(sources: ConfigSources): Config {
  const found = [defaults(), fromFile(sources), fromVariables(sources.env), fromFlags(sources.flags)];
  const problems = found.flatMap((part) => part.problems);
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const { key, raw, source } of found.flatMap((part) => part.readings)) {
    const { kind } = SETTINGS[key];
    const value = kind.parse(raw);
    if (value === undefined) problems.push({ key, source, value: raw, kind: "value", allowed: kind.allowed });
    else values[key] = value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // The defaults have given each key a value, each parsed by its own kind.
  return configOf(values as SettingValues);
}

function configOf(values: SettingValues) {
  return {
    listen: values.listen,
    data: values.data,
    http: { listen: values["http.listen"], allowedOrigins: values["http.allowedOrigins"] },
    dealers: { requireKnown: values["dealers.requireKnown"] },
    log: { level: values["log.level"], format: values["log.format"] },
    freshness: {
      laggingAfterMs: values["freshness.laggingAfter"],
      staleAfterMs: values["freshness.staleAfter"],
      gapWaitMs: values["freshness.gapWait"],
      gapPolicy: values["freshness.gapPolicy"] === "skip" ? "SKIP" : "WAIT",
    },
    erp: { quantityMax: values["erp.quantityMax"] },
    drift: {
      fullSchedule: values["drift.fullSchedule"],
      moversSchedule: values["drift.moversSchedule"],
      timeZone: values["drift.timeZone"],
    },
    watch: {
      conflateMs: values["watch.conflate"],
      heartbeatMs: values["watch.heartbeat"],
      unreadMaxMs: values["watch.unreadMax"],
    },
    telemetry: {
      metrics: values["telemetry.metrics"],
      endpoint: values["telemetry.endpoint"],
      sampleRatio: values["telemetry.sampleRatio"],
      exportIntervalMs: values["telemetry.exportInterval"],
    },
    residency: {
      stocksMax: values["residency.stocksMax"],
      reservationsMax: values["residency.reservationsMax"],
    },
    checkpoint: {
      tailRecordsMax: values["checkpoint.tailRecordsMax"],
      tailBytesMax: values["checkpoint.tailBytesMax"],
    },
    journal: {
      segmentBytes: values["journal.segmentBytes"],
      keepDays: values["journal.keepDays"],
      keepBytes: values["journal.keepBytes"],
    },
    images: { everyBytes: values["images.everyBytes"] },
    inbox: { commandsMax: values["inbox.commandsMax"] },
    idempotency: {
      entriesMax: values["idempotency.entriesMax"],
      retentionMs: values["idempotency.retention"],
    },
    disk: { freeBytesMin: values["disk.freeBytesMin"] },
    limits: {
      messageBytesMax: values["limits.messageBytesMax"],
      connectionsMax: values["limits.connectionsMax"],
      connectionIdleMs: values["limits.connectionIdle"],
      connectionAgeMs: values["limits.connectionAge"],
      callsPerConnectionMax: values["limits.callsPerConnectionMax"],
      streamsMax: values["limits.streamsMax"],
    },
    shutdown: { graceMs: values["shutdown.grace"] },
  } as const;
}

function defaults(): Readings {
  return {
    readings: SETTING_KEYS.map((key) => ({ key, raw: SETTINGS[key].defaultText, source: "default" })),
    problems: [],
  };
}

function fromFile({ flags, env }: ConfigSources): Readings {
  if (flags.config !== undefined) return readConfigFile(flags.config, { namedBy: "--config", keys: SETTING_KEYS });
  const file = env[FILE_VARIABLE];
  if (file === undefined) return { readings: [], problems: [] };
  return readConfigFile(file, { namedBy: FILE_VARIABLE, keys: SETTING_KEYS });
}

function fromVariables(env: ConfigSources["env"]): Readings {
  const readings: Reading[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, raw] of Object.entries(env)) {
    if (raw === undefined || !name.startsWith(PREFIX) || name === FILE_VARIABLE || name === SERVER_VARIABLE) continue;
    const key = KEYS_BY_VARIABLE.get(name);
    if (key !== undefined) readings.push({ key, raw, source: name });
    else problems.push({ key: name, source: name, value: raw, kind: "unknown", allowed: allowedVariables() });
  }
  return { readings, problems };
}

function allowedVariables(): string {
  return [...KEYS_BY_VARIABLE.keys(), FILE_VARIABLE, SERVER_VARIABLE].join(", ");
}

function fromFlags({ listen, data }: ConfigSources["flags"]): Readings {
  const readings: Reading[] = [];
  if (listen !== undefined) readings.push({ key: "listen", raw: listen, source: "--listen" });
  if (data !== undefined) readings.push({ key: "data", raw: data, source: "--data" });
  return { readings, problems: [] };
}
