/** `holdfast connect`: the connector of one ERP, from configuration to a clean stop. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { HoldfastClient } from "../../client/index.js";
import { SYSTEM_RETRY_ENVIRONMENT } from "../../client/retry.js";
import { Connector } from "../../connector/connector.js";
import { CsvAdapter } from "../../connector/csv/csv-adapter.js";
import type { ErpAdapter } from "../../connector/erp-adapter.js";
import { ErpGuard } from "../../connector/erp-guard.js";
import { lockFolder } from "../../connector/folder-lock.js";
import { StateFile } from "../../connector/state-file.js";
import { TrytonAdapter } from "../../connector/tryton/tryton-adapter.js";
import { processLog } from "../process-log.js";
import type { ConnectConfig } from "./connect-config.js";

/** Runs until SIGTERM or SIGINT. Throws what needs a person. `takeOver` is for a state that is lost. */
export async function connect(config: ConnectConfig, takeOver: boolean): Promise<void> {
  const log = processLog(config.log);
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(config.state);
  const client = new HoldfastClient(config.server);
  const stop = new AbortController();
  const end = (signal: NodeJS.Signals): void => {
    log.info({ signal }, "stopping");
    stop.abort();
  };
  process.once("SIGTERM", end).once("SIGINT", end);
  try {
    await connectorOf({ ...config, takeOver }, { client, log }).run(stop.signal);
    log.info({}, "stopped");
  } finally {
    process.off("SIGTERM", end).off("SIGINT", end);
    client.close();
    await unlock();
  }
}

function connectorOf(
  config: ConnectConfig & { readonly takeOver: boolean },
  { client, log }: { client: HoldfastClient; log: Logger },
): Connector {
  const reports = {
    responded: (durationMs: number) => {
      connector.noteErpResponse(durationMs);
      log.debug({ durationMs: Math.round(durationMs) }, "the ERP answered");
    },
    circuitChanged: (state: string) => log.info({ state }, "circuit to the ERP"),
  };
  const guard = new ErpGuard(config.erp, reports, SYSTEM_RETRY_ENVIRONMENT);
  const { source, pace, eventsMax, heartbeatMs, orders, takeOver } = config;
  const connector = new Connector({
    source,
    client,
    adapter: adapterOf(config, { guard, log }),
    feedStore: new StateFile(join(config.state, "feed.json")),
    orderStore: new StateFile(join(config.state, "orders.json")),
    pace,
    eventsMax,
    heartbeatMs,
    orders,
    takeOver,
    environment: SYSTEM_RETRY_ENVIRONMENT,
    log,
  });
  return connector;
}

function adapterOf({ adapter }: ConnectConfig, { guard, log }: { guard: ErpGuard; log: Logger }): ErpAdapter {
  switch (adapter.kind) {
    case "csv":
      return new CsvAdapter(adapter, guard, {
        fileFailed: (file, fault) => log.error({ file, fault }, "a file cannot be taken; it is in failed/"),
      });
    case "tryton":
      return new TrytonAdapter(adapter, guard);
  }
}
