/**
 * Where the orders to a simulation come from: keys on a terminal, lines anywhere else. It reads them; obeying is the caller's.
 */
import { createInterface } from "node:readline";
import { parseOrder, type SimOrder } from "./orders.js";

/** What a key means; those of faults are on with the first press and off with the next. */
const KEYS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  l: ["lag 5s", "lag 0"],
  o: ["lose 2%", "lose 0"],
  p: ["repeat 2%", "repeat 0"],
  r: ["reorder 3", "reorder 0"],
  a: ["away"],
  b: ["back"],
  c: ["count"],
  d: ["drift"],
  h: ["happen"],
  q: ["quit"],
};
/** In one line, for people. */
export const KEY_HELP =
  "keys: l lag, o lose, p repeat, r reorder (each on and off), a away, b back, c count, d drift, h happen, q quit";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** Orders by key; each press of a key takes its next meaning. Keys without a meaning give nothing. */
export class Keys {
  readonly #presses = new Map<string, number>();

  press(key: string): string | undefined {
    if (key === CTRL_C || key === CTRL_D) return "quit";
    const meanings = KEYS[key.toLowerCase()];
    if (meanings === undefined) return undefined;
    const presses = this.#presses.get(key) ?? 0;
    this.#presses.set(key, presses + 1);
    return meanings[presses % meanings.length];
  }
}

export interface ControlListener {
  readonly onOrder: (order: SimOrder, text: string) => void;
  /** A line that is no order. */
  readonly onMistake: (message: string) => void;
  /** The input is at its end. */
  readonly onEnd: () => void;
}

/** Listens until the given function is called. */
export function listen(input: NodeJS.ReadStream, listener: ControlListener): () => void {
  const hear = (text: string): void => {
    if (text.trim() === "") return;
    try {
      listener.onOrder(parseOrder(text), text.trim());
    } catch (error) {
      listener.onMistake((error as Error).message);
    }
  };
  if (!input.isTTY) {
    const lines = createInterface({ input });
    lines.on("line", hear);
    lines.on("close", listener.onEnd);
    return () => {
      lines.removeListener("close", listener.onEnd);
      lines.close();
      input.destroy();
    };
  }
  const keys = new Keys();
  const onKeys = (pressed: Buffer): void => {
    for (const key of pressed.toString()) hear(keys.press(key) ?? "");
  };
  input.setRawMode(true);
  input.on("data", onKeys);
  return () => {
    input.removeListener("data", onKeys);
    input.setRawMode(false);
    input.pause();
  };
}
