/** What can be told to a running simulation, one order a line: `lag 5s`, `lose 2%`, `away`, `count 20`. */
import type { LinkFaults } from "./faulty-link.js";

export type SimOrder =
  | { readonly kind: "faults"; readonly change: Partial<LinkFaults> }
  | { readonly kind: "away" | "back" | "status" | "quiet" | "busy" | "quit" }
  | { readonly kind: "count" | "drift" | "happen"; readonly number: number };

export const ORDER_HELP = `  lag 5s        events arrive five seconds late (lag 0: at once)
  lose 2%       this share of events never arrives (lose 0: none)
  repeat 1%     this share of events arrives twice
  reorder 3     events arrive in random order among three (reorder 0: in order)
  away, back    the connection is pulled out, and plugged in again; the ERP works on meanwhile
  count 20      count stocks; count alone counts ten
  drift 3       change the figures of stocks and tell nobody
  happen 5      deliveries, corrections and blocks, now
  quiet, busy   no more, or again, deliveries and corrections of their own accord; orders are shipped all the same
  status        print one line of JSON
  quit          send what is left, print the end, stop`;

/** Reads one line. Throws with what is allowed when it is no order. */
export function parseOrder(line: string): SimOrder {
  const [word = "", argument, ...rest] = line.trim().toLowerCase().split(/\s+/);
  if (rest.length > 0) throw notUnderstood(line);
  switch (word) {
    case "lag":
      return { kind: "faults", change: { lagMs: durationMs(argument) } };
    case "lose":
      return { kind: "faults", change: { lose: share(argument) } };
    case "repeat":
      return { kind: "faults", change: { repeat: share(argument) } };
    case "reorder":
      return { kind: "faults", change: { reorder: wholeNumber(argument) } };
    case "count":
      return { kind: word, number: argument === undefined ? 10 : wholeNumber(argument) };
    case "drift":
    case "happen":
      return { kind: word, number: argument === undefined ? 1 : wholeNumber(argument) };
    case "away":
    case "back":
    case "status":
    case "quiet":
    case "busy":
    case "quit":
      if (argument !== undefined) throw notUnderstood(line);
      return { kind: word };
    default:
      throw notUnderstood(line);
  }
}

/** Milliseconds from 0, 250ms, 5s or 2m. */
export function durationMs(text = ""): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  if (text === "0") return 0;
  if (number === undefined) throw new Error(`"${text}" is no duration; write 250ms, 5s or 2m`);
  return Math.round(Number(number) * (unit === "m" ? 60_000 : unit === "s" ? 1_000 : 1));
}

/** A share from 0 to 1, written as 2% or 0.02. */
export function share(text = ""): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text) ?? [];
  const value = Number(number) / (percent === "%" ? 100 : 1);
  if (!(value >= 0 && value <= 1)) throw new Error(`"${text}" is no share; write 2% or 0.02, at most 100%`);
  return value;
}

export function wholeNumber(text = ""): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`"${text}" is no whole number`);
  return Number(text);
}

function notUnderstood(line: string): Error {
  return new Error(`"${line.trim()}" is not understood. What can be told:\n${ORDER_HELP}`);
}
