/** Takes traces by OTLP over HTTP in JSON, as a collector does, and keeps them. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly arrayValue?: { readonly values: readonly { readonly stringValue: string }[] };
  };
}

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number };
  /** Of its resource. */
  readonly service: string;
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  metricNames = new Set<string>();
  readonly #server: Server;
  #heard: () => void = () => {};

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.#take(request.url ?? "", JSON.parse(Buffer.concat(chunks).toString()));
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves once what was received fulfils the condition. */
  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  named(name: string): readonly ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  // biome-ignore lint/suspicious/noExplicitAny: what OTLP's JSON has, as far as it is looked at
  #take(url: string, body: any): void {
    for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
      const service = attribute(resource.attributes, "service.name") as string;
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span: object) => ({ ...span, service })));
    }
    for (const { scopeMetrics } of body.resourceMetrics ?? []) {
      for (const { metrics } of scopeMetrics) for (const { name } of metrics) this.metricNames.add(name);
    }
    if (url !== "") this.#heard();
  }
}

export function attribute(attributes: readonly KeyValue[], key: string): unknown {
  const value = attributes.find((one) => one.key === key)?.value;
  return (
    value?.stringValue ??
    (value?.intValue === undefined ? undefined : Number(value.intValue)) ??
    value?.arrayValue?.values.map((one) => one.stringValue)
  );
}
