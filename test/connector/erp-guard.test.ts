import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SYSTEM_RETRY_ENVIRONMENT } from "../../src/client/retry.js";
import { ErpRefusal } from "../../src/connector/erp-adapter.js";
import { ErpGuard, type ErpLimits } from "../../src/connector/erp-guard.js";

const LIMITS: ErpLimits = {
  timeoutMs: 1_000,
  attemptsMax: 3,
  concurrentMax: 2,
  requestsPerSecondMax: 1_000,
  breakAfterFailures: 100,
  breakForMs: 15_000,
};
const REQUEST = {
  what: "the question",
  get signal() {
    return new AbortController().signal;
  },
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function guarded(limits: Partial<ErpLimits> = {}) {
  const responses: number[] = [];
  const states: string[] = [];
  const reports = {
    responded: (durationMs: number) => responses.push(durationMs),
    circuitChanged: (state: string) => states.push(state),
  };
  return { guard: new ErpGuard({ ...LIMITS, ...limits }, reports, SYSTEM_RETRY_ENVIRONMENT), responses, states };
}

/** Lets time pass until the promise is settled; how it ended, and after how long. */
async function settle<T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown; afterMs: number }> {
  const startedAtMs = Date.now();
  let outcome: { value?: T; error?: unknown } | undefined;
  promise.then(
    (value) => {
      outcome = { value };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  while (outcome === undefined) await vi.advanceTimersByTimeAsync(1);
  return { ...outcome, afterMs: Date.now() - startedAtMs };
}

const never = () => new Promise<never>(() => {});

describe("a request to the ERP", () => {
  test("that fails is tried again, after pauses with jitter, so many times", async () => {
    const { guard } = guarded();
    const pauses = new Set<number>();
    for (let run = 0; run < 5; run++) {
      const call = vi.fn(async () => {
        throw new Error("broken");
      });
      const { error, afterMs } = await settle(guard.run(REQUEST, call));
      expect(error).toMatchObject({ code: "ERP_UNAVAILABLE", message: "the question: broken" });
      expect(call).toHaveBeenCalledTimes(3);
      pauses.add(afterMs);
    }
    expect(pauses.size).toBeGreaterThan(1);
  });

  test("that may be carried out only once is tried once", async () => {
    const call = vi.fn(async () => {
      throw new Error("broken");
    });
    const { error } = await settle(guarded().guard.run({ ...REQUEST, once: true }, call));
    expect(error).toMatchObject({ code: "ERP_UNAVAILABLE" });
    expect(call).toHaveBeenCalledTimes(1);
  });

  test("that is not answered in time is given up, told to stop, and its time is measured", async () => {
    const { guard, responses } = guarded({ attemptsMax: 1 });
    let told: AbortSignal | undefined;
    const call = (given: AbortSignal) => {
      told = given;
      return never();
    };
    const { error, afterMs } = await settle(guard.run(REQUEST, call));
    expect(error).toMatchObject({ message: "the question: Operation timed out after 1000ms" });
    expect(told?.aborted).toBe(true);
    expect(afterMs).toBeGreaterThanOrEqual(1_000);
    expect(afterMs).toBeLessThan(1_100);
    expect(responses).toHaveLength(1);
    expect(responses[0]).toBeGreaterThanOrEqual(1_000);
  });

  test("that the ERP refuses is refused: not tried again, not held against it", async () => {
    const { guard, states } = guarded({ breakAfterFailures: 2 });
    const call = vi.fn(async () => {
      throw new ErpRefusal("no");
    });
    for (let run = 0; run < 5; run++) {
      expect((await settle(guard.run(REQUEST, call))).error).toMatchObject({ code: "ERP_REFUSED", message: "no" });
    }
    expect(call).toHaveBeenCalledTimes(5);
    expect(states).toEqual([]);
  });
});

describe("the ERP", () => {
  test("is asked no more often than it bears", async () => {
    const { guard } = guarded({ requestsPerSecondMax: 10, concurrentMax: 100 });
    const askedAt: number[] = [];
    const ask = async () => {
      askedAt.push(Date.now());
    };
    await settle(Promise.all(Array.from({ length: 20 }, () => guard.run(REQUEST, ask))));
    const gaps = askedAt.slice(1).map((time, index) => time - askedAt[index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99);
  });

  test("never has more requests at once than it bears", async () => {
    const { guard } = guarded({ concurrentMax: 2 });
    let now = 0;
    let most = 0;
    const ask = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 50));
      now -= 1;
    };
    await settle(Promise.all(Array.from({ length: 9 }, () => guard.run(REQUEST, ask))));
    expect(most).toBe(2);
  });

  test("is left alone after too many failures, then tried with one request, then asked as before", async () => {
    const { guard, states } = guarded({ breakAfterFailures: 3, attemptsMax: 1 });
    let isBroken = true;
    const call = vi.fn(async () => {
      if (isBroken) throw new Error("broken");
      return "well";
    });
    for (let run = 0; run < 10; run++) await settle(guard.run(REQUEST, call));
    expect(call).toHaveBeenCalledTimes(3);
    expect((await settle(guard.run(REQUEST, call))).error).toMatchObject({
      message: expect.stringMatching(/left alone/),
    });
    await vi.advanceTimersByTimeAsync(15_000);
    await settle(guard.run(REQUEST, call));
    expect(call).toHaveBeenCalledTimes(4);
    await settle(guard.run(REQUEST, call));
    expect(call).toHaveBeenCalledTimes(4);
    isBroken = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await settle(guard.run(REQUEST, call))).value).toBe("well");
    expect(states).toEqual(["open", "trying", "open", "trying", "closed"]);
  });
});
