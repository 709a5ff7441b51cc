/** What the first release is held to, by the names of the output. A missed target is shown; it does not fail the run. */

export interface Target {
  readonly name: string;
  readonly bound: "at least" | "at most";
  readonly value: number;
}

/** Below this the echo server was not the ceiling, so the throughput beside it says nothing. */
export const ECHO_BUSY_MIN = 0.9;

const UNARY_RATIO: Target = { name: "unary.ratio", bound: "at least", value: 0.85 };

export const ratioTargets: readonly Target[] = [
  { name: "unary.cpu_ratio", bound: "at least", value: 0.7 },
  UNARY_RATIO,
  { name: "stream.cpu_ratio", bound: "at least", value: 0.5 },
  { name: "lines.cpu_ratio", bound: "at least", value: 0.4 },
  { name: "replay.ratio", bound: "at least", value: 0.6 },
  { name: "hot_vs_spread.cpu_ratio", bound: "at least", value: 0.95 },
  { name: "open_holds.cpu_ratio", bound: "at least", value: 0.85 },
  { name: "drift.p99_ratio", bound: "at most", value: 1.3 },
  { name: "level_puts_per_reservation", bound: "at most", value: 0.25 },
];

export const sizeTargets: readonly Target[] = [
  { name: "size.ready_after_stop_ms", bound: "at most", value: 3_000 },
  { name: "size.ready_after_kill_ms", bound: "at most", value: 6_000 },
  { name: "size.rss_mb", bound: "at most", value: 400 },
  { name: "size.cold_over_warm", bound: "at most", value: 3 },
];

export const telemetryTargets: readonly Target[] = [{ name: "telemetry.cpu_ratio", bound: "at least", value: 0.92 }];

/** Whether the value is within the bound. */
export function isMet(target: Target, value: number): boolean {
  return target.bound === "at least" ? value >= target.value : value <= target.value;
}

/** The target's verdict on an output object; undefined when it does not apply or was not measured. */
export function judge(target: Target, output: Record<string, unknown>): boolean | undefined {
  const value = valueAt(output, target.name);
  if (value === undefined) return undefined;
  if (target === UNARY_RATIO && (valueAt(output, "unary.echo_busy") ?? 0) < ECHO_BUSY_MIN) return undefined;
  return isMet(target, value);
}

/** The number under a dotted name. */
export function valueAt(output: Record<string, unknown>, name: string): number | undefined {
  let found: unknown = output;
  for (const key of name.split(".")) found = (found as Record<string, unknown> | undefined)?.[key];
  return typeof found === "number" ? found : undefined;
}
