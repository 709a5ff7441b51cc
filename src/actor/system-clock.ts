/** The only module of the engine that touches the system's clocks and timers. */
import { performance } from "node:perf_hooks";
import type { Clock, Scheduler, Timers } from "./clock.js";

/** setTimeout cannot wait longer; a longer wait wakes early and is armed again. */
const TIMEOUT_MAX_MS = 2_147_483_647;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timeout = setTimeout(callback, Math.min(Math.max(0, Math.ceil(delayMs)), TIMEOUT_MAX_MS));
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};

export const systemScheduler: Scheduler = {
  soon: (callback) => {
    setImmediate(callback);
  },
};
