import { describe, expect, test } from "vitest";
import { forEachAtMost, WorkWindow } from "../../../src/cli/replay/work-window.js";

describe("a work window", () => {
  test("starts in order, never has more than its bound under way, and reaches that many", async () => {
    const numbers = Array.from({ length: 21 }, (_, number) => number);
    const started: number[] = [];
    const waiting: (() => void)[] = [];
    let waitingMost = 0;
    await forEachAtMost(3, numbers, async (number) => {
      started.push(number);
      // Only a full window is let go: with fewer under way this would never end.
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        waitingMost = Math.max(waitingMost, waiting.length);
        if (waiting.length === 3) for (const letGo of waiting.splice(0)) letGo();
      });
    });
    expect(started).toEqual(numbers);
    expect(waitingMost).toBe(3);
  });

  test("throws the first failure, after what was started has ended, and starts nothing more", async () => {
    const ended: number[] = [];
    const started: number[] = [];
    const outcome = forEachAtMost(2, [0, 1, 2, 3, 4, 5], async (number) => {
      started.push(number);
      await Promise.resolve();
      if (number === 1) throw new Error("broken");
      ended.push(number);
    });
    await expect(outcome).rejects.toThrow("broken");
    expect(started).not.toContain(5);
    expect(ended).toEqual(started.filter((number) => number !== 1));
  });

  test("begins work in the same turn when there is room", async () => {
    const window = new WorkWindow(1);
    let begun = false;
    const start = window.start(async () => {
      begun = true;
    });
    expect(begun).toBe(true);
    await start;
    await window.drained();
  });
});
