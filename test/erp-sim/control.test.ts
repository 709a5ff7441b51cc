import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { Keys, listen } from "../../scripts/erp-sim/control.js";
import { parseOrder, type SimOrder } from "../../scripts/erp-sim/orders.js";

/** Everything that is heard until the input ends. */
async function hear(lines: string): Promise<{ orders: SimOrder[]; mistakes: string[] }> {
  const input = new PassThrough();
  const orders: SimOrder[] = [];
  const mistakes: string[] = [];
  await new Promise<void>((resolve) => {
    listen(input as unknown as NodeJS.ReadStream, {
      onOrder: (order) => orders.push(order),
      onMistake: (message) => mistakes.push(message),
      onEnd: resolve,
    });
    input.end(lines);
  });
  return { orders, mistakes };
}

describe("orders from lines", () => {
  test("come in order, blank lines are passed over, and mistakes are told", async () => {
    const { orders, mistakes } = await hear("lag 5s\n\n  away \nexplode\nback\nquit");
    expect(orders.map(({ kind }) => kind)).toEqual(["faults", "away", "back", "quit"]);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain('"explode" is not understood');
  });
});

describe("orders from keys", () => {
  test("of faults are on with the first press, off with the next, on again with the third", () => {
    const keys = new Keys();
    expect([1, 2, 3].map(() => keys.press("l"))).toEqual(["lag 5s", "lag 0", "lag 5s"]);
    expect(keys.press("o")).toBe("lose 2%");
  });

  test("all mean something that is understood, and other keys mean nothing", () => {
    const keys = new Keys();
    for (const key of "loprabcdhqlopr".split("")) expect(() => parseOrder(keys.press(key) ?? "")).not.toThrow();
    expect(keys.press("x")).toBeUndefined();
    expect(keys.press("\u0003")).toBe("quit");
  });
});
