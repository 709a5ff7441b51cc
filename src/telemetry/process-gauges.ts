/** Measures of the process itself: how late the event loop is, memory, processor time. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";
import { ATTRIBUTES, METRICS } from "./names.js";

const RESOLUTION_MS = 10;
const QUANTILES = [50, 99, 100];

export function observeProcess(meter: Meter): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  meter
    .createObservableGauge(METRICS.eventLoopDelay, {
      description: "How late the event loop was since the last look, by quantile.",
      unit: "s",
    })
    .addCallback((result) => {
      for (const quantile of QUANTILES) {
        // What is measured includes the interval of measuring.
        const lateMs = Math.max(0, delay.percentile(quantile) / 1e6 - RESOLUTION_MS);
        result.observe(lateMs / 1_000, { [ATTRIBUTES.quantile]: quantile / 100 });
      }
      delay.reset();
    });
  meter
    .createObservableGauge(METRICS.residentMemory, { description: "Resident memory.", unit: "By" })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableGauge(METRICS.heapUsed, { description: "Heap in use.", unit: "By" })
    .addCallback((result) => result.observe(process.memoryUsage().heapUsed));
  meter
    .createObservableCounter(METRICS.cpuTime, { description: "Processor time, all threads.", unit: "s" })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
}
