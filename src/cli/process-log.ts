import { type Logger, pino } from "pino";

/** The log of a command that runs on: JSON lines, or for a person at a terminal readable ones. */
export function processLog(settings: { readonly level: string; readonly format: "auto" | "json" | "pretty" }): Logger {
  const { level, format } = settings;
  const pretty = format === "pretty" || (format === "auto" && process.stdout.isTTY === true);
  return pino({
    level,
    ...(pretty ? { transport: { target: "pino-pretty", options: { ignore: "pid,hostname", singleLine: true } } } : {}),
  });
}
