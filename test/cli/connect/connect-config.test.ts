import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConnectConfig } from "../../../src/cli/connect/connect-config.js";
import { run } from "../command-line.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-connect-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(text: string): string {
  const file = join(folder, "connect.yaml");
  writeFileSync(file, text);
  return file;
}

function load(text: string, env: Record<string, string> = {}) {
  return loadConnectConfig({ file: write(text), server: undefined, env });
}

const CSV = "source: erp\ncsv:\n  inbox: drops\n";
const TRYTON = "source: erp\ntryton:\n  url: http://127.0.0.1:8000\n  database: erp\n";

test("a folder of CSV files needs two lines, the rest has defaults", () => {
  expect(load(CSV)).toMatchObject({
    server: "127.0.0.1:7420",
    source: "erp",
    orders: true,
    heartbeatMs: 10_000,
    pace: { fastestMs: 250, slowestMs: 10_000 },
    erp: { timeoutMs: 10_000, attemptsMax: 4, concurrentMax: 2, requestsPerSecondMax: 10, breakForMs: 15_000 },
    adapter: { kind: "csv", inbox: "drops", outbox: "./orders", delimiter: "," },
  });
});

test("Tryton's password comes from a file or a variable, without its line end", () => {
  expect(load(TRYTON, { TRYTON_PASSWORD: "from variable" }).adapter).toMatchObject({ password: "from variable" });
  writeFileSync(join(folder, "secret"), "from file\n");
  const adapter = load(`${TRYTON}  passwordFile: ${join(folder, "secret")}\n`, { TRYTON_PASSWORD: "other" }).adapter;
  expect(adapter).toMatchObject({ kind: "tryton", password: "from file", user: "holdfast", overlapMs: 300_000 });
});

test.each([
  ["an unknown key", `${CSV}  colour: red\n`, /csv\.colour .*there is no such key; allowed: inbox, outbox, delimiter/],
  ["an unknown section", `${CSV}sap:\n  url: x\n`, /sap .*there is no such key; allowed: server, source, /],
  ["no source", "csv:\n  inbox: drops\n", /source .*the value is not allowed; allowed: 1 to 128 characters/],
  ["no ERP", "source: erp\n", /csv\.inbox, tryton\.url .*exactly one of the two/],
  ["two ERPs", `${TRYTON}csv:\n  inbox: drops\n`, /exactly one of the two/],
  ["no password", TRYTON, /tryton\.passwordFile .*TRYTON_PASSWORD set/],
  ["a duration without a unit", `${CSV}heartbeat: 10\n`, /heartbeat .* = 10: .*a duration such as/],
  ["a rate of nothing", `${CSV}erp:\n  requestsPerSecondMax: 0\n`, /erp\.requestsPerSecondMax .*from 1 to 10000/],
])("%s is told with what is allowed", (_, text, message) => {
  expect(() => load(text)).toThrow(message);
});

test.each([
  `${TRYTON}  password: hunter2\n`,
  "source: erp\ntryton:\n  url: http://me:hunter2@127.0.0.1:8000\n  database: erp\n",
  `${TRYTON}  passwordFile: hunter2\n`,
])("a password in the wrong place is an error that does not repeat it: %j", (text) => {
  expect(() => load(text, {})).toThrow(/^(?![\s\S]*hunter2)[\s\S]*tryton/);
});

test("the command ends with a usage error and says what is wrong", async () => {
  const { exitCode, error } = await run("connect", "--config", write("source: erp\n"));
  expect(exitCode).toBe(2);
  expect(error).toMatch(/^holdfast cannot connect: csv\.inbox, tryton\.url/);
});

test("the command's help has every setting", async () => {
  const { exitCode, out } = await run("connect", "--help");
  expect(exitCode).toBe(0);
  expect(out).toMatch(/erp\.breakFor +How long it is then left alone\.\n +By default "15s"/);
});
