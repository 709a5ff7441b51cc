import { describe, expect, test } from "vitest";
import { SETTING_KEYS, SETTINGS, type SettingKey, variableOf } from "../../src/config/settings.js";
import { EDGE_LIMITS } from "../../src/limits.js";
import { errorOf, fileOf, load, loadFile } from "./config-folder.js";

const MIB = 1024 ** 2;

const DEFAULTS = {
  listen: "127.0.0.1:7420",
  data: "./data",
  http: { listen: "auto", allowedOrigins: [] },
  dealers: { requireKnown: false },
  log: { level: "info", format: "auto" },
  freshness: { laggingAfterMs: 60_000, staleAfterMs: 900_000, gapWaitMs: 30_000, gapPolicy: "WAIT" },
  erp: { quantityMax: 100_000_000 },
  drift: { fullSchedule: "0 2 * * *", moversSchedule: "0 * * * *", timeZone: "UTC" },
  watch: { conflateMs: 50, heartbeatMs: 10_000, unreadMaxMs: 60_000 },
  telemetry: { metrics: true, endpoint: "auto", sampleRatio: 0.01, exportIntervalMs: 60_000 },
  residency: { stocksMax: 50_000, reservationsMax: 50_000 },
  checkpoint: { tailRecordsMax: 30_000, tailBytesMax: 16 * MIB },
  journal: { segmentBytes: 32 * MIB, keepDays: 0, keepBytes: 0 },
  images: { everyBytes: 256 * MIB },
  inbox: { commandsMax: 10_000 },
  idempotency: { entriesMax: 5_000_000, retentionMs: 7 * 24 * 3_600_000 },
  disk: { freeBytesMin: 256 * MIB },
  limits: {
    messageBytesMax: 4 * MIB,
    connectionsMax: 4_096,
    connectionIdleMs: 1_800_000,
    connectionAgeMs: 12 * 3_600_000,
    callsPerConnectionMax: 2_000,
    streamsMax: 10_000,
  },
  shutdown: { graceMs: 5_000 },
};

/** For each key another value than its default, and the configuration that has all of them. */
const OTHERS: Readonly<Record<SettingKey, string>> = {
  listen: "[::1]:0",
  data: "/srv/holdfast",
  "http.listen": "off",
  "http.allowedOrigins": "https://portal.example",
  "dealers.requireKnown": "true",
  "log.level": "debug",
  "log.format": "json",
  "freshness.laggingAfter": "15m",
  "freshness.staleAfter": "30m",
  "freshness.gapWait": "5s",
  "freshness.gapPolicy": "skip",
  "erp.quantityMax": "210",
  "drift.fullSchedule": "30 1 * * 1-5",
  "drift.moversSchedule": "off",
  "drift.timeZone": "Europe/Berlin",
  "watch.conflate": "75ms",
  "watch.heartbeat": "20s",
  "watch.unreadMax": "2m",
  "telemetry.metrics": "false",
  "telemetry.endpoint": "http://127.0.0.1:4318",
  "telemetry.sampleRatio": "0.25",
  "telemetry.exportInterval": "5s",
  "residency.stocksMax": "201",
  "residency.reservationsMax": "202",
  "checkpoint.tailRecordsMax": "203",
  "checkpoint.tailBytesMax": "64KiB",
  "journal.segmentBytes": "1GiB",
  "journal.keepDays": "206",
  "journal.keepBytes": "3GiB",
  "images.everyBytes": "65537",
  "inbox.commandsMax": "204",
  "idempotency.entriesMax": "205",
  "idempotency.retention": "192h",
  "disk.freeBytesMin": "1073741825",
  "limits.messageBytesMax": "262144",
  "limits.connectionsMax": "207",
  "limits.connectionIdle": "17m",
  "limits.connectionAge": "18m",
  "limits.callsPerConnectionMax": "208",
  "limits.streamsMax": "209",
  "shutdown.grace": "250ms",
};

const OTHER_CONFIG = {
  listen: "[::1]:0",
  data: "/srv/holdfast",
  http: { listen: "off", allowedOrigins: ["https://portal.example"] },
  dealers: { requireKnown: true },
  log: { level: "debug", format: "json" },
  freshness: { laggingAfterMs: 900_000, staleAfterMs: 1_800_000, gapWaitMs: 5_000, gapPolicy: "SKIP" },
  erp: { quantityMax: 210 },
  drift: { fullSchedule: "30 1 * * 1-5", moversSchedule: "off", timeZone: "Europe/Berlin" },
  watch: { conflateMs: 75, heartbeatMs: 20_000, unreadMaxMs: 120_000 },
  telemetry: { metrics: false, endpoint: "http://127.0.0.1:4318", sampleRatio: 0.25, exportIntervalMs: 5_000 },
  residency: { stocksMax: 201, reservationsMax: 202 },
  checkpoint: { tailRecordsMax: 203, tailBytesMax: 65_536 },
  journal: { segmentBytes: 1024 * MIB, keepDays: 206, keepBytes: 3072 * MIB },
  images: { everyBytes: 65_537 },
  inbox: { commandsMax: 204 },
  idempotency: { entriesMax: 205, retentionMs: 8 * 24 * 3_600_000 },
  disk: { freeBytesMin: 1_073_741_825 },
  limits: {
    messageBytesMax: 262_144,
    connectionsMax: 207,
    connectionIdleMs: 17 * 60_000,
    connectionAgeMs: 18 * 60_000,
    callsPerConnectionMax: 208,
    streamsMax: 209,
  },
  shutdown: { graceMs: 250 },
};

/** What a file says, nested, its scalars written bare as a person would. */
function asYaml(values: Readonly<Record<string, string>>): string {
  const sections = new Map<string, string[]>();
  const top: string[] = [];
  for (const [key, text] of Object.entries(values)) {
    const [section = "", name] = key.split(".");
    const scalar = text.startsWith("[") ? `"${text}"` : text;
    if (name === undefined) top.push(`${section}: ${scalar}`);
    else sections.set(section, [...(sections.get(section) ?? []), `  ${name}: ${scalar}`]);
  }
  return [...top, ...[...sections].flatMap(([name, lines]) => [`${name}:`, ...lines])].join("\n");
}

describe("sources", () => {
  test("with nothing set every key has its default", () => {
    expect(load()).toEqual(DEFAULTS);
  });

  test("what the edge is built with by default is what is documented", () => {
    const { limits } = load();
    expect(EDGE_LIMITS).toMatchObject({
      receiveBytesMax: limits.messageBytesMax,
      connectionsMax: limits.connectionsMax,
      connectionIdleMs: limits.connectionIdleMs,
      connectionAgeMs: limits.connectionAgeMs,
      concurrentStreamsMax: limits.callsPerConnectionMax,
      streamsMax: limits.streamsMax,
    });
  });

  test("every key can be set in a file", () => {
    expect(loadFile(asYaml(OTHERS))).toEqual(OTHER_CONFIG);
  });

  test("every key can be set by its variable", () => {
    const env = Object.fromEntries(SETTING_KEYS.map((key) => [variableOf(key), OTHERS[key]]));
    expect(load({ env })).toEqual(OTHER_CONFIG);
  });

  test("each key alone changes one value and no other", () => {
    for (const key of SETTING_KEYS) {
      const changed = leaves(load({ env: { [variableOf(key)]: OTHERS[key] } }));
      const before = leaves(DEFAULTS);
      const differing = changed.filter(([name, value], at) => name !== before[at]?.[0] || value !== before[at]?.[1]);
      expect(differing.map(([name]) => name.replace(/Ms$/, ""))).toEqual([key]);
    }
  });

  test("a file wins over the default, a variable over the file, a flag over the variable", () => {
    const config = fileOf("listen: file:1\ndata: from-file\nlog: {level: warn}");
    const env = { HOLDFAST_LISTEN: "variable:2", HOLDFAST_DATA: "from-variable" };
    expect(load({ flags: { config } })).toMatchObject({ listen: "file:1", data: "from-file", log: { level: "warn" } });
    expect(load({ flags: { config }, env })).toMatchObject({
      listen: "variable:2",
      data: "from-variable",
      log: { level: "warn", format: "auto" },
    });
    expect(load({ flags: { config, listen: "flag:3", data: "from-flag" }, env })).toMatchObject({
      listen: "flag:3",
      data: "from-flag",
    });
  });

  test("HOLDFAST_CONFIG names the file, unless the flag names another", () => {
    const env = { HOLDFAST_CONFIG: fileOf("data: by-variable") };
    expect(load({ env }).data).toBe("by-variable");
    expect(load({ env, flags: { config: fileOf("data: by-flag") } }).data).toBe("by-flag");
  });

  test("flags that are there but undefined set nothing", () => {
    expect(load({ flags: { listen: undefined, data: undefined, config: undefined } })).toEqual(DEFAULTS);
  });

  test("HOLDFAST_SERVER and the variables of others are left alone", () => {
    expect(load({ env: { HOLDFAST_SERVER: "far:7420", PATH: "/bin", holdfast_data: "x", HOLDFAST: "y" } })).toEqual(
      DEFAULTS,
    );
  });
});

describe("variables", () => {
  test.each([
    ["listen", "HOLDFAST_LISTEN"],
    ["data", "HOLDFAST_DATA"],
    ["dealers.requireKnown", "HOLDFAST_DEALERS_REQUIRE_KNOWN"],
    ["checkpoint.tailBytesMax", "HOLDFAST_CHECKPOINT_TAIL_BYTES_MAX"],
  ] as const)("%s is %s", (key, variable) => {
    expect(variableOf(key)).toBe(variable);
  });

  test("no two keys share a variable, and none has the name of another use", () => {
    const names = [...SETTING_KEYS.map(variableOf), "HOLDFAST_CONFIG", "HOLDFAST_SERVER"];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("refusals", () => {
  test("an unknown variable is named, with its value and every variable there is", () => {
    const { message } = errorOf(() => load({ env: { HOLDFAST_LISTN: "here:1" } }));
    expect(message).toMatch(/^HOLDFAST_LISTN = 'here:1': there is no such key; allowed: HOLDFAST_LISTEN, /);
    for (const key of SETTING_KEYS) expect(message).toContain(variableOf(key));
    expect(message).toContain("HOLDFAST_CONFIG, HOLDFAST_SERVER");
  });

  test.each(SETTING_KEYS)("an empty %s is refused by name of key and variable, with what is allowed", (key) => {
    const { message } = errorOf(() => load({ env: { [variableOf(key)]: "" } }));
    expect(message).toBe(
      `${key} (from ${variableOf(key)}) = '': the value is not allowed; allowed: ${SETTINGS[key].kind.allowed}`,
    );
  });

  test.each([
    ["listen", "--listen"],
    ["data", "--data"],
  ] as const)("a bad flag for %s is named", (key, flag) => {
    const error = errorOf(() => load({ flags: { [key]: "" } }));
    expect(error.problems).toEqual([
      { key, source: flag, value: "", kind: "value", allowed: SETTINGS[key].kind.allowed },
    ]);
  });

  test("a bad value is refused although a later source overrides it", () => {
    const config = fileOf("listen: nowhere");
    const error = errorOf(() => load({ flags: { config, listen: "127.0.0.1:0" } }));
    expect(error.message).toContain(`listen (from ${config}) = 'nowhere'`);
  });

  test("everything wrong is told at once, a line each", () => {
    const config = fileOf("lisen: a\nlog: {level: loud}");
    const error = errorOf(() => load({ flags: { config, data: "" }, env: { HOLDFAST_X: "1", HOLDFAST_LISTEN: "b" } }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.problems.map(({ key, source }) => [key, source])).toEqual([
      ["lisen", config],
      ["HOLDFAST_X", "HOLDFAST_X"],
      ["log.level", config],
      ["listen", "HOLDFAST_LISTEN"],
      ["data", "--data"],
    ]);
    expect(error.message.split("\n")).toHaveLength(5);
  });

  test("a long value is cut and a line break in it is escaped", () => {
    const { message } = errorOf(() => load({ env: { HOLDFAST_LISTEN: `a\nb${"x".repeat(100_000)}` } }));
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain("\n");
  });
});

function leaves(value: object, prefix = ""): readonly (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([name, inner]) => {
    if (Array.isArray(inner)) return [[prefix + name, inner.join()] as const];
    return typeof inner === "object" ? leaves(inner, `${prefix}${name}.`) : [[prefix + name, inner] as const];
  });
}
