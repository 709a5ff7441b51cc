import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { HoldfastError } from "../../src/client/holdfast-error.js";
import { type RetryEnvironment, type RetryPolicy, retryUnavailable } from "../../src/client/retry.js";

const POLICY: RetryPolicy = { attemptsMax: 4, backoffMinMs: 100, backoffMaxMs: 300 };

/** A hand-driven clock: sleeping moves it, nothing else does. */
function environment(random: number): RetryEnvironment & { readonly slept: number[] } {
  const slept: number[] = [];
  let nowMs = 0;
  return {
    slept,
    nowMs: () => nowMs,
    random: () => random,
    sleep: async (delayMs) => {
      slept.push(delayMs);
      nowMs += delayMs;
    },
  };
}

function unavailable(retryAfterMs?: number): HoldfastError {
  return new HoldfastError({ code: status.UNAVAILABLE, message: "away", retryAfterMs });
}

async function attemptsUntilGivenUp(
  world: RetryEnvironment,
  deadlineMs: number,
  error: () => Error,
): Promise<number[]> {
  const remaining: number[] = [];
  const outcome = retryUnavailable(
    async (remainingMs) => {
      remaining.push(remainingMs);
      throw error();
    },
    { policy: POLICY, deadlineMs },
    world,
  );
  await expect(outcome).rejects.toThrow();
  return remaining;
}

describe("retryUnavailable", () => {
  test("backs off twice as long each time, up to the maximum, and stops at attemptsMax", async () => {
    const world = environment(0.999_999);
    const remaining = await attemptsUntilGivenUp(world, 10_000, unavailable);
    expect(remaining).toHaveLength(4);
    expect(world.slept.map(Math.round)).toEqual([100, 200, 300]);
  });

  test("waits at least half of the backoff", async () => {
    const world = environment(0);
    await attemptsUntilGivenUp(world, 10_000, unavailable);
    expect(world.slept).toEqual([50, 100, 150]);
  });

  test("waits at least as long as the server asks, with the jitter on top", async () => {
    const world = environment(0);
    await attemptsUntilGivenUp(world, 10_000, () => unavailable(1_000));
    expect(world.slept).toEqual([1_050, 1_100, 1_150]);
  });

  test("gives each attempt what is left of the deadline", async () => {
    const remaining = await attemptsUntilGivenUp(environment(0), 1_000, unavailable);
    expect(remaining).toEqual([1_000, 950, 850, 700]);
  });

  test("does not begin a wait that would pass the deadline", async () => {
    const world = environment(0);
    const remaining = await attemptsUntilGivenUp(world, 150, unavailable);
    expect(remaining).toEqual([150, 100]);
    expect(world.slept).toEqual([50]);
  });

  test("rethrows what is no UNAVAILABLE at once", async () => {
    const world = environment(0);
    const remaining = await attemptsUntilGivenUp(world, 10_000, () => new Error("a bug"));
    expect(remaining).toHaveLength(1);
    expect(world.slept).toEqual([]);
  });
});
