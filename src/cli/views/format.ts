import { type Duration, durationMs, type Timestamp, timestampDate } from "../../client/index.js";

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

/** UTC to the second, or "-". */
export function formatTime(time: Timestamp | undefined): string {
  return time === undefined ? "-" : timestampDate(time).toISOString().replace("T", " ").replace(/\.\d+/, "");
}

/** The two largest units, as the command line reads them: 15m, 1h30m. Milliseconds only below a second. */
export function formatDuration(duration: Duration | undefined): string {
  if (duration === undefined) return "-";
  const wholeMs = Math.round(durationMs(duration));
  let restMs = wholeMs < 1_000 ? wholeMs : wholeMs - (wholeMs % 1_000);
  const parts: string[] = [];
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join("") || "0s";
}
