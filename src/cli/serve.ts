/** `holdfast serve`: the service itself, from configuration to a clean stop. */
import { edgeContext } from "../api/edge-context.js";
import { createHttpServer, type HttpServer } from "../api/http/http-server.js";
import { createGrpcServer, type GrpcServer } from "../api/server.js";
import { Host } from "../compose/host.js";
import { imageWorker } from "../compose/images/image-worker.js";
import { serviceReading } from "../compose/service-reading.js";
import { nextTimes } from "../config/cron-times.js";
import { type Config, loadConfig } from "../config.js";
import type { EdgeLimits } from "../limits.js";
import { startTelemetry } from "../telemetry/telemetry.js";
import { DEFAULT_SERVER } from "./client-command.js";
import { ownVersion } from "./own-version.js";
import { processLog } from "./process-log.js";

export interface ServeFlags {
  readonly listen?: string;
  readonly data?: string;
  readonly config?: string;
}

/** After a failure: time for the last log lines. */
const EXIT_AT_LATEST_MS = 500;
const DEFAULT_HTTP = "127.0.0.1:7421";
const FREE_HTTP = "127.0.0.1:0";
const DAY_MS = 24 * 3_600_000;

/** Runs until SIGTERM or SIGINT; resolves with the exit code. The port opens only when recovery is done. */
export async function serve(flags: ServeFlags): Promise<number> {
  const config = loadConfig({ flags, env: process.env });
  const log = processLog(config.log);
  let fatal: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    fatal = resolve;
  });
  const telemetry = await startTelemetry({
    settings: config.telemetry,
    env: process.env,
    version: ownVersion(),
    onProblem: (what) => log.warn({ what }, "telemetry has a problem"),
  });
  const host = await Host.open({
    telemetry: telemetry.engine,
    dataFolder: config.data,
    segmentBytes: config.journal.segmentBytes,
    freeBytesMin: config.disk.freeBytesMin,
    settings: settingsOf(config),
    images: {
      everyBytes: config.images.everyBytes,
      retention: { keepMs: config.journal.keepDays * DAY_MS, keepBytes: config.journal.keepBytes },
    },
    imageWork: imageWorker(),
    log,
    onFatal: () => fatal(1),
  });
  const edge = edgeContext({ ports: host.ports, log, limits: edgeLimitsOf(config), observer: telemetry.calls });
  telemetry.observe(serviceReading(host, edge.streams));
  const server = createGrpcServer(edge);
  const httpServer = createHttpServer(edge, {
    allowedOrigins: config.http.allowedOrigins,
    scrape: telemetry.scrape,
  });
  const [listen, http] = await bindBoth(server, httpServer, config).catch(async (cause) => {
    await server.shutdown(0);
    await host.stop();
    throw cause;
  });
  const elsewhere = listen === DEFAULT_SERVER ? "" : ` --server ${listen}`;
  const next = `npx holdfast receive${elsewhere} --warehouse north bolt-m8=100`;
  log.info({ listen, http, data: config.data, next }, "serving");
  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, "stopping");
    shutDown().then(
      () => fatal(0),
      (cause) => {
        log.error({ err: cause }, "the stop was not clean");
        fatal(1);
      },
    );
  };
  const shutDown = async () => {
    await Promise.all([server.shutdown(config.shutdown.graceMs), httpServer.shutdown(config.shutdown.graceMs)]);
    await host.stop();
    // Where nobody takes it, what was measured last is lost; the stop is clean all the same.
    await telemetry.stop().catch((cause) => log.warn({ err: cause }, "telemetry could not be sent"));
    log.info({ ...host.figures }, "stopped");
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const code = await ended;
  // Nothing may keep a process alive that cannot serve any more, whatever handles are left.
  if (code !== 0) setTimeout(() => process.exit(code), EXIT_AT_LATEST_MS);
  return code;
}

/** The addresses of gRPC and of HTTP, which may be off. */
async function bindBoth(
  server: GrpcServer,
  httpServer: HttpServer,
  { listen, http }: Config,
): Promise<[string, string]> {
  const address = await server.bind(listen);
  if (http.listen === "off") return [address, http.listen];
  if (http.listen !== "auto") return [address, await httpServer.bind(http.listen)];
  if (listen.endsWith(":0")) return [address, await httpServer.bind(FREE_HTTP)];
  const bound = httpServer.bind(DEFAULT_HTTP).catch((cause) => {
    // Beside the usual gRPC port nobody else is expected on it; beside another, it may be a second server on this machine.
    if (cause.code !== "EADDRINUSE" || listen === DEFAULT_SERVER) throw cause;
    return httpServer.bind(FREE_HTTP);
  });
  return [address, await bound];
}

function edgeLimitsOf({ limits }: Config): Partial<EdgeLimits> {
  return {
    receiveBytesMax: limits.messageBytesMax,
    connectionsMax: limits.connectionsMax,
    connectionIdleMs: limits.connectionIdleMs,
    connectionAgeMs: limits.connectionAgeMs,
    concurrentStreamsMax: limits.callsPerConnectionMax,
    streamsMax: limits.streamsMax,
  };
}

function settingsOf(config: Config) {
  return {
    requireKnown: config.dealers.requireKnown,
    sourceThresholds: config.freshness,
    erpQuantityMax: config.erp.quantityMax,
    watch: config.watch,
    stocksResidentMax: config.residency.stocksMax,
    reservationsResidentMax: config.residency.reservationsMax,
    answersMax: config.idempotency.entriesMax,
    answerRetentionMs: config.idempotency.retentionMs,
    inboxCommandsMax: config.inbox.commandsMax,
    checkpointRecordsMax: config.checkpoint.tailRecordsMax,
    checkpointBytesMax: config.checkpoint.tailBytesMax,
    positionsSchedule: {
      full: nextTimes(config.drift.fullSchedule, config.drift.timeZone),
      movers: nextTimes(config.drift.moversSchedule, config.drift.timeZone),
    },
  };
}
