import { describe, expect, test } from "vitest";
import { address, count, duration, oneOf, path, size, yesOrNo } from "../../src/config/setting-kind.js";
import { SETTING_KEYS, SETTINGS, type SettingKey } from "../../src/config/settings.js";

describe("durations", () => {
  const kind = duration("0ms", "365d");
  test.each([
    ["250ms", 250],
    ["60s", 60_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["0s", 0],
    ["007s", 7_000],
  ])("%s is %d ms", (text, ms) => {
    expect(kind.parse(text)).toBe(ms);
  });

  test.each([
    "",
    "60",
    "s",
    "1.5h",
    "-1s",
    "+1s",
    "1 s",
    " 1s",
    "1s ",
    "1S",
    "1w",
    "1m30s",
    "1e3s",
    "0x1s",
    "٣s",
    "1s\n",
  ])("%j is none", (text) => {
    expect(kind.parse(text)).toBeUndefined();
  });

  test.each([60, true, null, undefined, {}, ["60s"], "9".repeat(400).concat("d")])("%j is none either", (raw) => {
    expect(kind.parse(raw)).toBeUndefined();
  });
});

describe("sizes", () => {
  const kind = size("0", "1024TiB");
  test.each([
    ["0", 0],
    ["4096", 4096],
    [4096, 4096],
    ["1KiB", 1024],
    ["32MiB", 33_554_432],
    ["1GiB", 1_073_741_824],
    ["2TiB", 2_199_023_255_552],
  ])("%s is %d bytes", (raw, bytes) => {
    expect(kind.parse(raw)).toBe(bytes);
  });

  test.each(["", "1MB", "1M", "1mib", "1 MiB", "1.5GiB", "-1", "1B", "MiB", -1, 1.5, Number.NaN, 1e300, "1025TiB"])(
    "%j is none",
    (raw) => {
      expect(kind.parse(raw)).toBeUndefined();
    },
  );
});

describe("counts", () => {
  const kind = count("2", "10");
  test.each([
    ["2", 2],
    [10, 10],
  ])("%j is within 2 and 10", (raw, value) => {
    expect(kind.parse(raw)).toBe(value);
  });

  test.each(["1", "11", 1, 11, "", "5x", "5ms", "5_0", 2.5, true, null])("%j is refused", (raw) => {
    expect(kind.parse(raw)).toBeUndefined();
  });
});

test("a range that nobody can write is a bug of the table", () => {
  expect(() => count("1", "1s")).toThrow("no range");
});

describe("addresses", () => {
  test.each(["127.0.0.1:7420", "localhost:0", "0.0.0.0:65535", "[::1]:7420", "[::]:0", "node-1.example.net:1"])(
    "%s is one",
    (text) => {
      expect(address().parse(text)).toBe(text);
    },
  );

  test.each([
    "",
    "7420",
    ":7420",
    "localhost",
    "localhost:",
    "localhost:x",
    "localhost:-1",
    "localhost:65536",
    "localhost:100000",
    "::1:7420",
    "[::1]",
    "[localhost]:1",
    "[127.0.0.1]:1",
    "127.0.0.256:1",
    "127.0.0:1",
    "http://localhost:1",
    "local host:1",
    " localhost:1",
    "localhost:1\n",
    7420,
  ])("%j is none", (raw) => {
    expect(address().parse(raw)).toBeUndefined();
  });
});

test("a path is any text but an empty one", () => {
  expect(path().parse("./a b")).toBe("./a b");
  for (const raw of ["", "  ", "a\0b", 7, null, true]) expect(path().parse(raw)).toBeUndefined();
});

test("words are taken as they are written and no others", () => {
  expect(oneOf("auto", "json").parse("json")).toBe("json");
  for (const raw of ["", "JSON", "auto, json", null, 0]) expect(oneOf("auto", "json").parse(raw)).toBeUndefined();
});

test("true and false are taken, as words too, and nothing else", () => {
  expect([true, "true", false, "false"].map((raw) => yesOrNo().parse(raw))).toEqual([true, true, false, false]);
  for (const raw of ["", "TRUE", "yes", "1", 0, 1, null]) expect(yesOrNo().parse(raw)).toBeUndefined();
});

describe("ranges of the settings", () => {
  const RANGES: Partial<Record<SettingKey, readonly [below: string, ...within: string[], above: string]>> = {
    "freshness.laggingAfter": ["0ms", "1ms", "30d", "31d"],
    "freshness.staleAfter": ["0ms", "1ms", "30d", "31d"],
    "freshness.gapWait": ["0ms", "1ms", "30d", "31d"],
    "erp.quantityMax": ["0", "1", "9007199254740991", "9007199254740992"],
    "watch.conflate": ["0ms", "1ms", "1m", "61s"],
    "watch.heartbeat": ["99ms", "100ms", "1h", "2h"],
    "watch.unreadMax": ["999ms", "1s", "1d", "2d"],
    "telemetry.exportInterval": ["999ms", "1s", "1h", "2h"],
    "residency.stocksMax": ["99", "100", "10000000", "10000001"],
    "residency.reservationsMax": ["99", "100", "10000000", "10000001"],
    "checkpoint.tailRecordsMax": ["0", "1", "10000000", "10000001"],
    "checkpoint.tailBytesMax": ["65535", "64KiB", "1GiB", "1073741825"],
    "journal.segmentBytes": ["1048575", "1MiB", "1GiB", "1073741825"],
    "journal.keepDays": ["-1", "0", "36500", "36501"],
    "journal.keepBytes": ["-1", "0", "1024TiB", "1025TiB"],
    "images.everyBytes": ["65535", "64KiB", "1TiB", "1025GiB"],
    "inbox.commandsMax": ["0", "1", "1000000", "1000001"],
    "idempotency.entriesMax": ["0", "1", "50000000", "50000001"],
    "idempotency.retention": ["604799999ms", "7d", "365d", "366d"],
    "disk.freeBytesMin": ["-1", "0", "1024TiB", "1025TiB"],
    "limits.messageBytesMax": ["262143", "256KiB", "64MiB", "65MiB"],
    "limits.connectionsMax": ["0", "1", "100000", "100001"],
    "limits.connectionIdle": ["999ms", "1s", "7d", "8d"],
    "limits.connectionAge": ["59s", "1m", "7d", "8d"],
    "limits.callsPerConnectionMax": ["0", "1", "100000", "100001"],
    "limits.streamsMax": ["0", "1", "100000", "100001"],
    "shutdown.grace": ["-1s", "0s", "9s", "9001ms"],
  };

  test.each(Object.entries(RANGES))("%s ends where it says", (key, [below, ...rest]) => {
    const { kind } = SETTINGS[key as SettingKey];
    const above = rest.at(-1);
    const [lowest, highest] = rest;
    expect([below, above].map((text) => kind.parse(text))).toEqual([undefined, undefined]);
    expect([lowest, highest].map((text) => typeof kind.parse(text))).toEqual(["number", "number"]);
    expect(kind.allowed).toContain(`from ${lowest} to ${highest}`);
  });

  test("every setting with a range is tried above", () => {
    const ranged = SETTING_KEYS.filter((key) => SETTINGS[key].kind.allowed.includes(", from "));
    expect(ranged).toEqual(Object.keys(RANGES));
  });
});
