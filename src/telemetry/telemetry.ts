/**
 * Telemetry of one process: measures for Prometheus and by OTLP, traces by OTLP. Off without an endpoint, but for the measures, which
 * wait to be asked for. The SDK's exporters are loaded only where something is sent.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type DiagLogger, DiagLogLevel, diag, type Meter, metrics, type Tracer, trace } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { detectResources, envDetector, type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { type IMetricReader, MeterProvider } from "@opentelemetry/sdk-metrics";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import type { EngineTelemetry } from "../actor/telemetry.js";
import type { CallObserver } from "../api/call-observer.js";
import { CallMeter } from "./call-meter.js";
import { CallTracer } from "./call-tracer.js";
import { EngineMeter } from "./engine-meter.js";
import { NoContext } from "./no-context.js";
import { observeProcess } from "./process-gauges.js";
import { observeService, type ServiceReading } from "./service-gauges.js";

export interface TelemetrySettings {
  readonly metrics: boolean;
  /** auto, off, or a URL. */
  readonly endpoint: string;
  readonly sampleRatio: number;
  readonly exportIntervalMs: number;
}

export interface Telemetry {
  /** Undefined where nothing is measured or traced. */
  readonly engine: EngineTelemetry | undefined;
  readonly calls: CallObserver | undefined;
  /** Answers a scrape by Prometheus; undefined where nothing is measured. */
  readonly scrape: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** What is read when somebody asks for the measures. */
  observe(service: ServiceReading): void;
  /** Sends what there is, and ends. */
  stop(): Promise<void>;
}

const NAME = "holdfast";
const ENDPOINT_VARIABLES = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] as const;

/** How long a stop waits for a receiver that does not answer. */
const STOP_MS = 2_000;

const OFF: Telemetry = { engine: undefined, calls: undefined, scrape: undefined, observe() {}, async stop() {} };

export interface TelemetryOptions {
  readonly settings: TelemetrySettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Told when measures or traces cannot be sent. */
  readonly onProblem: (message: string) => void;
}

export async function startTelemetry({ settings, env, version, onProblem }: TelemetryOptions): Promise<Telemetry> {
  const isSending =
    settings.endpoint === "auto" ? ENDPOINT_VARIABLES.some((name) => env[name]) : settings.endpoint !== "off";
  if (!settings.metrics && !isSending) return OFF;
  diag.setLogger(problemLogger(onProblem), DiagLogLevel.WARN);
  const scraper = settings.metrics ? prometheus() : undefined;
  const readers = scraper === undefined ? [] : [scraper];
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: env.OTEL_SERVICE_NAME ?? NAME,
    [ATTR_SERVICE_VERSION]: version,
  }).merge(detectResources({ detectors: [envDetector] }));
  const isJson = env.OTEL_EXPORTER_OTLP_PROTOCOL === "http/json";
  const provider = isSending
    ? await sending(settings, { resource, scrapers: readers, isJson })
    : measuring(resource, readers);
  const meter = provider.meter;
  const { tracer } = provider;
  const callTracer = tracer === undefined ? undefined : new CallTracer(tracer, settings);
  if (settings.metrics) observeProcess(meter);
  return {
    engine: new EngineMeter(meter, tracer),
    calls: new CallMeter(meter, callTracer),
    scrape: scraper && ((request, response) => scraper.getMetricsRequestHandler(request, response)),
    observe: (service) => observeService(meter, service),
    stop: () => within(STOP_MS, provider.stop()),
  };
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the receiver did not answer within ${timeoutMs} ms`)), timeoutMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** What the SDK has to complain of, as text for the log. */
function problemLogger(onProblem: (message: string) => void): DiagLogger {
  const tell = (message: string, ...details: unknown[]) => onProblem([message, ...details.map(String)].join(" "));
  return { error: tell, warn: tell, info() {}, debug() {}, verbose() {} };
}

interface Provider {
  readonly meter: Meter;
  readonly tracer: Tracer | undefined;
  stop(): Promise<void>;
}

function prometheus(): PrometheusExporter {
  return new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
}

function measuring(resource: Resource, readers: IMetricReader[]): Provider {
  const provider = new MeterProvider({ resource, readers });
  return { meter: provider.getMeter(NAME), tracer: undefined, stop: () => provider.shutdown() };
}

interface Sending {
  readonly resource: Resource;
  readonly scrapers: readonly IMetricReader[];
  /** OTLP in JSON rather than in protobuf, which is the usual and costs less. */
  readonly isJson: boolean;
}

/** The SDK, with exporters of its own choosing kept out: what is sent, and where to, is what our settings say. */
async function sending(settings: TelemetrySettings, { resource, scrapers, isJson }: Sending): Promise<Provider> {
  const [{ metrics: sdkMetrics, NodeSDK, tracing }, { OTLPTraceExporter }, { OTLPMetricExporter }] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    isJson ? import("@opentelemetry/exporter-trace-otlp-http") : import("@opentelemetry/exporter-trace-otlp-proto"),
    isJson ? import("@opentelemetry/exporter-metrics-otlp-http") : import("@opentelemetry/exporter-metrics-otlp-proto"),
  ]);
  const to = (path: string) =>
    settings.endpoint === "auto" ? {} : { url: `${settings.endpoint.replace(/\/$/, "")}/v1/${path}` };
  const periodic = new sdkMetrics.PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(to("metrics")),
    exportIntervalMillis: settings.exportIntervalMs,
    exportTimeoutMillis: Math.min(settings.exportIntervalMs, 10_000),
  });
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    // Which calls are traced is decided before a span is made for them (call-tracer.ts).
    sampler: new tracing.AlwaysOnSampler(),
    spanProcessors: [new tracing.BatchSpanProcessor(new OTLPTraceExporter(to("traces")))],
    metricReaders: settings.metrics ? [...scrapers, periodic] : [],
    logRecordProcessors: [],
    instrumentations: [],
    contextManager: new NoContext(),
  });
  sdk.start();
  return {
    meter: metrics.getMeter(NAME),
    tracer: trace.getTracer(NAME),
    stop: () => sdk.shutdown(),
  };
}
