/**
 * Reads what a person types: SKU=QTY, durations, counts, addresses. A value that cannot be read is a usage error
 * that says what is allowed; whether a value makes sense is the server's to say.
 */
import { InvalidArgumentError } from "commander";

/** An order line as typed. */
export interface LineArgument {
  readonly sku: string;
  readonly quantity: bigint;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads one more SKU=QTY. The SKU may contain "=", the last one counts. */
export function collectLine(text: string, previous: readonly LineArgument[] = []): LineArgument[] {
  const at = text.lastIndexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write a line as SKU=QTY, such as bolt-m8=5.");
  return [...previous, { sku: text.slice(0, at), quantity: parseWholeNumber(text.slice(at + 1)) }];
}

/** A whole number that is exact: at most 2^53 - 1. */
export function parseWholeNumber(text: string): bigint {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number of at most 2^53 - 1.");
  return BigInt(value);
}

/** A whole number from 1 to `max`, as options such as page sizes take it. */
export function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = Number(parseWholeNumber(text));
    if (value < 1 || value > max) throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    return value;
  };
}

/** Milliseconds from 250ms, 90s, 15m, 24h, 2d or parts in a row, such as 1h30m. */
export function parseDurationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  const understood = parts.map(([part]) => part).join("") === text && parts.length > 0;
  const totalMs = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? 0), 0);
  if (!understood || !Number.isSafeInteger(totalMs)) {
    throw new InvalidArgumentError("Write a duration as 90s, 15m, 24h, 2d or 1h30m.");
  }
  return totalMs;
}

/** A decimal number from 0 to 1,000. */
export function parseFactor(text: string): number {
  const value = decimal(text);
  if (!(value >= 0 && value <= 1_000))
    throw new InvalidArgumentError("It must be a number from 0 to 1000, such as 0.8.");
  return value;
}

/** A share from 0 to 1. */
export function parseShare(text: string): number {
  const value = decimal(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("It must be a number from 0 to 1, such as 0.8.");
  return value;
}

/** HOST:PORT, an IPv6 host in brackets. */
export function parseAddress(text: string): string {
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(text)?.[1];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new InvalidArgumentError("Write it as HOST:PORT, such as 127.0.0.1:7420.");
  }
  return text;
}

function decimal(text: string): number {
  return /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
}
