/** What telemetry costs: the same unary calls on a server without it, and on one that measures all and traces one call in a hundred. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { median, ratioOfMedians } from "../statistics.js";
import { type BenchRun, withStockedTarget } from "./bench-run.js";
import { connectLoad, groups, SPREAD_SKUS } from "./groups.js";
import { alternate } from "./rounds.js";
import { callsPerSecond, cpuMicrosPerCall, takeTurn, warmUp } from "./turn.js";

export interface TelemetryCost {
  /** Processor time of the server for each call without telemetry, over that with it. */
  readonly cpuRatio: number;
  /** Throughput with telemetry over that without. */
  readonly ratio: number;
  readonly withoutCpuMicros: number;
  readonly withCpuMicros: number;
}

const WITHOUT = { HOLDFAST_TELEMETRY_METRICS: "false", HOLDFAST_TELEMETRY_ENDPOINT: "off" };

export function measureTelemetry(run: BenchRun): Promise<TelemetryCost> {
  const group = groups.unary;
  return withReceiver((endpoint) => {
    const sampled = { HOLDFAST_TELEMETRY_ENDPOINT: endpoint, HOLDFAST_TELEMETRY_SAMPLE_RATIO: "0.01" };
    return withStockedTarget(
      run,
      SPREAD_SKUS,
      (without) =>
        withStockedTarget(
          run,
          SPREAD_SKUS,
          async (observed) => {
            const withoutLoad = await connectLoad(without, group);
            const observedLoad = await connectLoad(observed, group);
            run.progress("telemetry: warming up");
            await warmUp(without, withoutLoad, group.warmUpCalls);
            await warmUp(observed, observedLoad, group.warmUpCalls);
            const rounds = await alternate(run, {
              name: "telemetry",
              first: () => takeTurn(without, withoutLoad, run.windowMs),
              second: () => takeTurn(observed, observedLoad, run.windowMs),
            });
            const withoutCpu = rounds.first.map(cpuMicrosPerCall);
            const withCpu = rounds.second.map(cpuMicrosPerCall);
            return {
              cpuRatio: ratioOfMedians({ numerators: withoutCpu, denominators: withCpu }),
              ratio: ratioOfMedians({
                numerators: rounds.second.map(callsPerSecond),
                denominators: rounds.first.map(callsPerSecond),
              }),
              withoutCpuMicros: median(withoutCpu),
              withCpuMicros: median(withCpu),
            };
          },
          sampled,
        ),
      WITHOUT,
    );
  });
}

/** Runs with a receiver of OTLP that takes everything and keeps nothing. */
async function withReceiver<T>(work: (endpoint: string) => Promise<T>): Promise<T> {
  const receiver = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}`);
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
}
