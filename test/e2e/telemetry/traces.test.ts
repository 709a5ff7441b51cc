import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { context, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { NodeSDK, tracing } from "@opentelemetry/sdk-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HoldfastClient } from "../../../src/client/index.js";
import { Disposition } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { tracingInterceptor } from "../../../src/tracing/tracing-interceptor.js";
import { RunningServer } from "../process/running-server.js";
import { attribute, OtlpReceiver, type ReceivedSpan } from "./otlp-receiver.js";

const RESERVE = "holdfast.v1.ReservationService/Reserve";
const CLIENT_KIND = 3;
const SERVER_KIND = 2;
const CONSUMER_KIND = 5;
const ERROR = 2;

let folder: string;
let receiver: OtlpReceiver;
let server: RunningServer;
let sdk: NodeSDK;
let traced: HoldfastClient;
let untraced: HoldfastClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-traces-"));
  receiver = await OtlpReceiver.start();
  server = await RunningServer.start(folder, {
    HOLDFAST_TELEMETRY_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    HOLDFAST_TELEMETRY_SAMPLE_RATIO: "0",
    HOLDFAST_TELEMETRY_EXPORT_INTERVAL: "1s",
    // The SDK hands on what it has after this time; five seconds without it.
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  const exporter = new OTLPTraceExporter({ url: `${receiver.endpoint}/v1/traces` });
  sdk = new NodeSDK({
    serviceName: "order-service",
    autoDetectResources: false,
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  traced = new HoldfastClient(server.listen, { channel: { interceptors: [tracingInterceptor()] } });
  untraced = new HoldfastClient(server.listen);
});

afterAll(async () => {
  traced.close();
  untraced.close();
  await server.end("SIGTERM");
  await sdk.shutdown();
  await receiver.close();
  await rm(folder, { recursive: true });
});

/** The spans below another, by name. */
function childrenOf(parent: ReceivedSpan): Map<string, ReceivedSpan> {
  const children = receiver.spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
  return new Map(children.map((span) => [span.name, span]));
}

/** Goods come in, as an ERP tells of it. */
async function receive({
  sequence,
  quantity,
}: {
  readonly sequence: bigint;
  readonly quantity: bigint;
}): Promise<void> {
  const value = { warehouseId: "north", sku: "bolt", quantity };
  const event = { source: "erp", sequence, eventId: `e-${sequence}`, body: { case: "stockReceived", value } as const };
  for await (const { disposition } of traced.streamEvents([event])) expect(disposition).toBe(Disposition.APPLIED);
}

test("a caller's span has the server's below it, and that its way through inbox, turn and journal", async () => {
  await receive({ sequence: 1n, quantity: 10n });
  const order = trace.getTracer("test").startSpan("order 4711");
  await context.with(trace.setSpan(context.active(), order), () =>
    traced.reserve({ dealerId: "d-17", orderId: "4711", warehouseId: "north", lines: [{ sku: "bolt", quantity: 3n }] }),
  );
  order.end();
  await receiver.until(() => receiver.named(RESERVE).length === 2 && receiver.named("holdfast.append").length > 0);

  const { traceId, spanId } = order.spanContext();
  const caller = receiver.named(RESERVE).find(({ kind }) => kind === CLIENT_KIND)!;
  expect(caller).toMatchObject({ traceId, parentSpanId: spanId, service: "order-service" });
  const served = receiver.named(RESERVE).find(({ kind }) => kind === SERVER_KIND)!;
  expect(served).toMatchObject({ traceId, parentSpanId: caller.spanId, service: "holdfast" });
  expect(attribute(served.attributes, "rpc.response.status_code")).toBe("OK");
  expect(attribute(served.attributes, "holdfast.dealer.id")).toBe("d-17");
  expect(attribute(served.attributes, "holdfast.order.id")).toBe("4711");
  expect(attribute(served.attributes, "holdfast.skus")).toEqual(["bolt"]);

  const steps = childrenOf(served);
  expect([...steps.keys()].sort()).toEqual(["holdfast.append", "holdfast.durable", "holdfast.inbox", "holdfast.turn"]);
  const append = steps.get("holdfast.append")!;
  expect(steps.get("holdfast.durable")!.links).toMatchObject([{ traceId, spanId: append.spanId }]);
  expect(attribute(append.attributes, "holdfast.block.records")).toBe(1);
});

test("a refusal is an answer, not an error, and says its reason", async () => {
  const before = receiver.spans.length;
  const order = trace.getTracer("test").startSpan("order 4712");
  const refused = context.with(trace.setSpan(context.active(), order), () =>
    traced.reserve({
      dealerId: "d-17",
      orderId: "4712",
      warehouseId: "nowhere",
      lines: [{ sku: "bolt", quantity: 1n }],
    }),
  );
  await expect(refused).rejects.toMatchObject({ reason: "WAREHOUSE_NOT_FOUND" });
  order.end();
  const { traceId } = order.spanContext();
  const isServed = (span: ReceivedSpan) => span.traceId === traceId && span.kind === SERVER_KIND;
  await receiver.until(() => receiver.spans.slice(before).some(isServed));
  const served = receiver.spans.find(isServed)!;
  expect(served.status.code).not.toBe(ERROR);
  expect(attribute(served.attributes, "holdfast.reason")).toBe("WAREHOUSE_NOT_FOUND");
});

test("an ERP's event is traced from its arrival to its effect", async () => {
  const delivery = trace.getTracer("test").startSpan("delivery");
  await context.with(trace.setSpan(context.active(), delivery), () => receive({ sequence: 2n, quantity: 5n }));
  delivery.end();
  const { traceId, spanId } = delivery.spanContext();
  const isProcessed = (span: ReceivedSpan) => span.traceId === traceId && span.kind === CONSUMER_KIND;
  await receiver.until(() => receiver.spans.some(isProcessed) && receiver.spans.some((span) => span.spanId === spanId));
  const processed = receiver.spans.find(isProcessed)!;
  expect(processed).toMatchObject({ name: "process holdfast.v1.ErpService/StreamEvents", parentSpanId: spanId });
  expect(attribute(processed.attributes, "holdfast.source")).toBe("erp");
  expect(attribute(processed.attributes, "holdfast.sequence")).toBe(2);
  expect([...childrenOf(processed).keys()]).toContain("holdfast.turn");
});

test("who decides not to sample is followed, and at a ratio of 0 nobody else is traced", async () => {
  const before = receiver.named(RESERVE).length;
  await untraced.reserve({
    dealerId: "d-18",
    orderId: "4713",
    warehouseId: "north",
    lines: [{ sku: "bolt", quantity: 1n }],
  });
  // What comes after it in order is there; so it would be.
  await traced.reserve({
    dealerId: "d-19",
    orderId: "4714",
    warehouseId: "north",
    lines: [{ sku: "bolt", quantity: 1n }],
  });
  await receiver.until(() => receiver.named(RESERVE).length >= before + 2);
  const dealers = receiver.named(RESERVE).map(({ attributes }) => attribute(attributes, "holdfast.dealer.id"));
  expect(dealers).toContain("d-19");
  expect(dealers).not.toContain("d-18");
});

test("measures are sent too, and served for Prometheus", async () => {
  await receiver.until(() => receiver.metricNames.has("holdfast.append.duration"));
  const page = await (await fetch(`http://${server.http}/metrics`)).text();
  expect(page).toMatch(
    /^rpc_server_call_duration_count\{.*rpc_method="holdfast.v1.ReservationService\/Reserve".*\} [1-9]/m,
  );
  expect(page).toMatch(/^holdfast_refusals_total\{holdfast_reason="WAREHOUSE_NOT_FOUND",.*\} 1$/m);
  expect(page).toMatch(/^holdfast_sync_level\{holdfast_measure="holds_past_deadline"\} 1$/m);
  // Whom it is about is never a label.
  expect(page).not.toMatch(/d-17|bolt|4711/);
});
