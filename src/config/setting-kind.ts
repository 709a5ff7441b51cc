/**
 * The kinds of value a setting can have: how each is written, and what is allowed.
 * A value comes as text from a variable or a flag, and as whatever YAML makes of it from a file; both are read here alike.
 */
import { isIPv4, isIPv6 } from "node:net";
import { isCronPattern, isTimeZone, OFF } from "./cron-times.js";

export interface SettingKind<T> {
  /** What is allowed, as it ends a sentence for a person: the form, and the range where there is one. */
  readonly allowed: string;
  /** The value meant, or undefined when it is not allowed. */
  parse(raw: unknown): T | undefined;
}

const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** In the place of a list with nothing in it. */
const NONE = "none";

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
  ["TiB", 1024 ** 4],
]);

/** A length of time, as milliseconds. The unit is part of the value, so that nobody has to guess it. */
export function duration(min: string, max: string): SettingKind<number> {
  return ranged("a duration such as 250ms, 60s, 15m, 24h or 7d", { min, max, units: DURATION_UNITS });
}

/** An amount of bytes. */
export function size(min: string, max: string): SettingKind<number> {
  return ranged("bytes, or a size such as 64KiB, 32MiB or 1GiB", { min, max, units: SIZE_UNITS });
}

/** A number of things. */
export function count(min: string, max: string): SettingKind<number> {
  return ranged("a whole number", { min, max, units: new Map([["", 1]]) });
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): SettingKind<T> {
  return { allowed: `one of ${words.join(", ")}`, parse: (raw) => words.find((word) => word === raw) };
}

/** True or false; a variable has it as the word. */
export function yesOrNo(): SettingKind<boolean> {
  return {
    allowed: "true or false",
    parse: (raw) => (raw === true || raw === "true" ? true : raw === false || raw === "false" ? false : undefined),
  };
}

/** A file system path, relative to the folder that the process was started in. */
export function path(): SettingKind<string> {
  return {
    allowed: "a path that is not empty",
    parse: (raw) => (typeof raw === "string" && raw.trim() !== "" && !raw.includes("\0") ? raw : undefined),
  };
}

/** Where to listen; kept as it was written. */
export function address(): SettingKind<string> {
  return {
    allowed:
      "HOST:PORT with a port from 0 to 65535 (0 takes a free one); an IPv6 host stands in brackets, as in [::1]:7420",
    parse: (raw) => (typeof raw === "string" && isAddress(raw) ? raw : undefined),
  };
}

/** Where to listen, or a word in its place; kept as it was written. */
export function addressOr(...words: readonly string[]): SettingKind<string> {
  const { allowed, parse } = address();
  const isWord = (raw: unknown): raw is string => words.some((word) => word === raw);
  return { allowed: `${words.join(", ")}, or ${allowed}`, parse: (raw) => (isWord(raw) ? raw : parse(raw)) };
}

/** Origins of web pages; a variable has them in one text, a file may have a list. */
export function origins(): SettingKind<readonly string[]> {
  return {
    allowed: `${NONE}, or origins such as https://portal.example, as a list or separated by commas`,
    parse(raw) {
      if (raw === NONE) return [];
      const listed: readonly unknown[] = Array.isArray(raw) ? raw : typeof raw === "string" ? raw.split(",") : [raw];
      const found = listed.map((one) => (typeof one === "string" ? one.trim() : "")).filter(isOrigin);
      return found.length === listed.length ? found : undefined;
    },
  };
}

/** A part of a whole. */
export function ratio(): SettingKind<number> {
  return {
    allowed: "a number from 0 to 1, such as 0.01",
    parse(raw) {
      const value =
        typeof raw === "number" ? raw : typeof raw === "string" && /^\d*\.?\d+$/.test(raw) ? Number(raw) : -1;
      return value >= 0 && value <= 1 ? value : undefined;
    },
  };
}

/** Where something is sent over HTTP, or a word in its place; kept as it was written. */
export function urlOr(...words: readonly string[]): SettingKind<string> {
  return {
    allowed: `${words.join(", ")}, or a URL such as http://127.0.0.1:4318`,
    parse: (raw) => (typeof raw === "string" && (words.includes(raw) || isUrl(raw)) ? raw : undefined),
  };
}

/** When something is due, as cron has it. */
export function cronPattern(): SettingKind<string> {
  return {
    allowed: `a cron pattern of five fields (minute, hour, day, month, weekday) such as "0 2 * * *", or ${OFF}`,
    parse: (raw) => (typeof raw === "string" && isCronPattern(raw) ? raw : undefined),
  };
}

/** Where a clock hangs. */
export function timeZone(): SettingKind<string> {
  return {
    allowed: "a time zone such as UTC or Europe/Berlin",
    parse: (raw) => (typeof raw === "string" && isTimeZone(raw) ? raw : undefined),
  };
}

interface Range {
  readonly min: string;
  readonly max: string;
  readonly units: ReadonlyMap<string, number>;
}

function ranged(form: string, { min, max, units }: Range): SettingKind<number> {
  const lowest = amount(min, units);
  const highest = amount(max, units);
  if (lowest === undefined || highest === undefined) throw new Error(`no range: ${min} to ${max}`);
  return {
    allowed: `${form}, from ${min} to ${max}`,
    parse(raw) {
      const value = amount(raw, units);
      return value !== undefined && value >= lowest && value <= highest ? value : undefined;
    },
  };
}

/** A number as YAML reads it has no unit, so it is taken only where plain numbers are. */
function amount(raw: unknown, units: ReadonlyMap<string, number>): number | undefined {
  if (typeof raw !== "string" && typeof raw !== "number") return undefined;
  const [, digits, unit] = /^(\d+)([A-Za-z]*)$/.exec(String(raw)) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const factor = units.get(unit);
  if (factor === undefined) return undefined;
  const value = Number(digits) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}

function isAddress(text: string): boolean {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) return false;
  if (bracketed !== undefined) return isIPv6(bracketed);
  // What is made of digits and dots alone is meant as an IPv4 address, not as a name to look up.
  return plain !== undefined && (!/^[\d.]+$/.test(plain) || isIPv4(plain));
}

function isUrl(text: string): boolean {
  return /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

/** As a browser writes it: without a path, and without the port that is the usual one. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
