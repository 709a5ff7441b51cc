/** Every setting of `holdfast connect`: key, default, what is allowed, and what it does. docs/connect.md explains the choices. */
import { address, count, duration, oneOf, path, type SettingKind, yesOrNo } from "../../config/setting-kind.js";

interface ConnectSetting<T> {
  /** Undefined: unset unless the file says something. */
  readonly defaultText: string | undefined;
  readonly kind: SettingKind<T>;
  readonly doc: string;
}

export const CONNECT_SETTINGS = {
  server: setting("127.0.0.1:7420", address(), "Host and port of Holdfast."),
  source: setting(undefined, name(), "Whose events these are: the source's name in Holdfast."),
  state: setting(
    "./connector-state",
    path(),
    "Folder of what the connector has to remember; made when it is not there.",
  ),
  orders: setting("true", yesOrNo(), "Whether what becomes of orders is handed to the ERP."),
  heartbeat: setting("10s", duration("100ms", "10m"), "How often Holdfast is told that the ERP answers."),
  "poll.fastest": setting(
    "250ms",
    duration("10ms", "1h"),
    "Pause before the ERP is asked again while things happen there.",
  ),
  "poll.slowest": setting("10s", duration("10ms", "1h"), "Longest pause, after many answers without news."),
  "poll.eventsMax": setting("500", count("1", "10000"), "Events read and sent at a time."),
  "erp.timeout": setting("10s", duration("10ms", "10m"), "Time that the ERP has for an answer."),
  "erp.attemptsMax": setting("4", count("1", "20"), "Tries of a request that failed, the first included."),
  "erp.concurrentMax": setting("2", count("1", "100"), "Requests to the ERP at once."),
  "erp.requestsPerSecondMax": setting("10", count("1", "10000"), "Requests to the ERP in a second."),
  "erp.breakAfterFailures": setting("5", count("1", "1000"), "Failures in a row after which the ERP is left alone."),
  "erp.breakFor": setting("15s", duration("10ms", "1h"), "How long it is then left alone."),
  "log.level": setting(
    "info",
    oneOf("debug", "info", "warn", "error", "silent"),
    "The least severe level that is logged.",
  ),
  "log.format": setting("auto", oneOf("auto", "json", "pretty"), "How log lines look."),
  "csv.inbox": setting(undefined, path(), "Folder into which the ERP drops files."),
  "csv.outbox": setting("./orders", path(), "Folder into which order files are written."),
  "csv.delimiter": setting(",", oneOf(",", ";", "\t", "|"), "What stands between two fields."),
  "tryton.url": setting(undefined, webAddress(), "Where trytond listens, such as http://127.0.0.1:8000."),
  "tryton.database": setting(undefined, name(), "Name of its database."),
  "tryton.user": setting("holdfast", name(), "Its user for the connector."),
  "tryton.passwordFile": setting(undefined, path(), "File with the user's password; else TRYTON_PASSWORD has it."),
  "tryton.overlap": setting(
    "5m",
    duration("0s", "1d"),
    "How far behind the newest change is looked again for late commits.",
  ),
  "tryton.customer": setting(undefined, name(), "Code of the party for orders of dealers that are no party there."),
} as const;

export type ConnectKey = keyof typeof CONNECT_SETTINGS;

export type ConnectValues = {
  readonly [K in ConnectKey]: (typeof CONNECT_SETTINGS)[K] extends ConnectSetting<infer T> ? T | undefined : never;
};

export const CONNECT_KEYS = Object.keys(CONNECT_SETTINGS) as readonly ConnectKey[];

function setting<T>(defaultText: string | undefined, kind: SettingKind<T>, doc: string): ConnectSetting<T> {
  return { defaultText, kind, doc };
}

/** A name as Holdfast takes them. */
function name(): SettingKind<string> {
  return {
    allowed: "1 to 128 characters, none of them a control character",
    parse: (raw) => {
      const isName =
        typeof raw === "string" && raw !== "" && [...raw].length <= 128 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(raw);
      return isName ? raw : undefined;
    },
  };
}

/** Without user and password: they would show wherever the address does. */
function webAddress(): SettingKind<string> {
  return {
    allowed: "an http or https address without a user or password in it",
    parse: (raw) => {
      if (typeof raw !== "string" || !URL.canParse(raw)) return undefined;
      const { protocol, username, password } = new URL(raw);
      return /^https?:$/.test(protocol) && username === "" && password === "" ? raw : undefined;
    },
  };
}
