/** The configuration of `holdfast connect`: read once, from a file in the style of `serve`'s, with all that is wrong told at once. */
import { readFileSync } from "node:fs";
import { ConfigError, type ConfigProblem } from "../../config/config-error.js";
import { readConfigFile } from "../../config/config-file.js";
import { CONNECT_KEYS, CONNECT_SETTINGS, type ConnectKey, type ConnectValues } from "./connect-settings.js";

export interface ConnectSources {
  readonly file: string;
  /** Goes before the file's. */
  readonly server: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type ConnectConfig = ReturnType<typeof configOf>;

const PASSWORD_VARIABLE = "TRYTON_PASSWORD";
/** What may be a secret in the wrong place is not repeated on a terminal or in a log. */
const SECRET_KEY = /pass|secret|token|credential|url/i;

/** Throws a ConfigError. */
export function loadConnectConfig(sources: ConnectSources): ConnectConfig {
  const found = readConfigFile(sources.file, { namedBy: "the file", keys: CONNECT_KEYS });
  const problems: ConfigProblem[] = [...found.problems];
  const values: Partial<Record<ConnectKey, unknown>> = {};
  const defaults = CONNECT_KEYS.map((key) => ({ key, raw: CONNECT_SETTINGS[key].defaultText, source: "default" }));
  for (const { key, raw, source } of [...defaults, ...found.readings]) {
    if (raw === undefined) continue;
    const { kind } = CONNECT_SETTINGS[key];
    const value = kind.parse(raw);
    if (value === undefined) problems.push({ key, source, value: raw, kind: "value", allowed: kind.allowed });
    else values[key] = value;
  }
  // The settings' own kinds have parsed each value.
  const parsed = values as ConnectValues;
  if (problems.length === 0) problems.push(...missing(parsed, sources));
  if (problems.length > 0) throw new ConfigError(problems.map(withoutSecret));
  return configOf(parsed, sources);
}

function missing(values: ConnectValues, { file: source, env }: ConnectSources): ConfigProblem[] {
  const unset = (key: string, allowed: string): ConfigProblem => ({
    key,
    source,
    value: undefined,
    kind: "value",
    allowed,
  });
  const problems: ConfigProblem[] = [];
  if (values.source === undefined) problems.push(unset("source", CONNECT_SETTINGS.source.kind.allowed));
  const isCsv = values["csv.inbox"] !== undefined;
  const isTryton = values["tryton.url"] !== undefined;
  if (isCsv === isTryton)
    problems.push(unset("csv.inbox, tryton.url", "exactly one of the two: it says what the ERP is"));
  if (isTryton && values["tryton.database"] === undefined)
    problems.push(unset("tryton.database", "the database's name"));
  if (isTryton && values["tryton.passwordFile"] === undefined && (env[PASSWORD_VARIABLE] ?? "") === "") {
    problems.push(unset("tryton.passwordFile", `the path of a file with the password, or ${PASSWORD_VARIABLE} set`));
  }
  return problems;
}

function configOf(values: ConnectValues, { server, env }: ConnectSources) {
  const v = values as { readonly [K in ConnectKey]: NonNullable<ConnectValues[K]> };
  return {
    server: server ?? v.server,
    source: v.source,
    state: v.state,
    orders: v.orders,
    heartbeatMs: v.heartbeat,
    pace: { fastestMs: v["poll.fastest"], slowestMs: Math.max(v["poll.slowest"], v["poll.fastest"]) },
    eventsMax: v["poll.eventsMax"],
    erp: {
      timeoutMs: v["erp.timeout"],
      attemptsMax: v["erp.attemptsMax"],
      concurrentMax: v["erp.concurrentMax"],
      requestsPerSecondMax: v["erp.requestsPerSecondMax"],
      breakAfterFailures: v["erp.breakAfterFailures"],
      breakForMs: v["erp.breakFor"],
    },
    log: { level: v["log.level"], format: v["log.format"] },
    adapter:
      values["csv.inbox"] === undefined
        ? {
            kind: "tryton" as const,
            url: v["tryton.url"],
            database: v["tryton.database"],
            user: v["tryton.user"],
            password: passwordOf(values["tryton.passwordFile"], env),
            overlapMs: v["tryton.overlap"],
            customer: values["tryton.customer"],
          }
        : {
            kind: "csv" as const,
            inbox: v["csv.inbox"],
            outbox: v["csv.outbox"],
            delimiter: v["csv.delimiter"],
          },
  };
}

function passwordOf(file: string | undefined, env: ConnectSources["env"]): string {
  if (file === undefined) return env[PASSWORD_VARIABLE] ?? "";
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    const allowed = `the path of a file that can be read (${(cause as NodeJS.ErrnoException).code})`;
    const key = "tryton.passwordFile";
    throw new ConfigError([withoutSecret({ key, source: "the file", value: file, kind: "value", allowed })]);
  }
}

function withoutSecret(problem: ConfigProblem): ConfigProblem {
  return SECRET_KEY.test(problem.key) && problem.value !== undefined ? { ...problem, value: "(not shown)" } : problem;
}
