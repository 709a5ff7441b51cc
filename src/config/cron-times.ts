/** When a cron pattern falls due: five fields, in a time zone, changes of daylight saving time included. Nothing is started here. */
import { Cron } from "croner";

/** The first moment after another at which something is due, both in milliseconds since the Unix epoch; infinity for never. */
export type NextTime = (afterMs: number) => number;

/** Never due. */
export const OFF = "off";

const YEAR_3000_MS = 32_503_680_000_000;

/** Throws for a pattern that is none, or a time zone that is not known. */
export function nextTimes(pattern: string, timeZone: string): NextTime {
  if (pattern === OFF) return () => Number.POSITIVE_INFINITY;
  const cron = new Cron(pattern, { timezone: timeZone, mode: "5-part" });
  return (afterMs) => {
    // A clock that is set wildly wrong must not make the library look for years that no calendar has.
    if (afterMs < 0 || afterMs > YEAR_3000_MS) return Number.POSITIVE_INFINITY;
    return cron.nextRun(new Date(afterMs))?.getTime() ?? Number.POSITIVE_INFINITY;
  };
}

/** Whether it is a pattern of five fields that falls due at all, or "off". */
export function isCronPattern(text: string): boolean {
  if (text === OFF) return true;
  if (text.trim().split(/\s+/).length !== 5) return false;
  try {
    return Number.isFinite(nextTimes(text, "UTC")(0));
  } catch {
    return false;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
