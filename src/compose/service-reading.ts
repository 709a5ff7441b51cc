import type { Outcome } from "../actor/service.js";
import type { OpenStreams } from "../api/open-streams.js";
import type { SyncHealth } from "../domain/sync-health.js";
import type { ServiceReading } from "../telemetry/service-gauges.js";
import type { Host } from "./host.js";

/** What telemetry reads of the service when it is asked for measures. */
export function serviceReading(host: Host, streams: OpenStreams): ServiceReading {
  return {
    engine() {
      const { reading, figures } = host;
      return reading && { ...reading, records: figures.records, pagePuts: figures.levelPuts };
    },
    health: () =>
      new Promise((resolve) => {
        const settle = (outcome: Outcome<SyncHealth>) =>
          resolve(outcome.kind === "answered" ? outcome.value : undefined);
        host.ports.commands.submit({ kind: "GetSyncHealth", warehouseId: "", sku: "" }, (health) => health, settle);
      }),
    openStreams: () => streams.count,
  };
}
