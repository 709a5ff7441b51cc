/** One request and its response through the Connect library: which method is meant, what the library is given, and how its answer is sent. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { EdgeContext } from "../edge-context.js";
import type { ServedService } from "../services.js";
import { BodyReader, BodyRoom } from "./body-reader.js";
import { addService } from "./method-bridge.js";
import { boundedBody, GZIP } from "./request-body.js";

/** Only the path and the question are of interest; the library wants a whole URL. */
const ANY_ORIGIN = "http://holdfast";

export class ConnectExchange {
  readonly #context: EdgeContext;
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;
  readonly #room: BodyRoom;

  constructor(services: readonly ServedService[], context: EdgeContext) {
    this.#context = context;
    this.#room = new BodyRoom(context.limits);
    const router = createConnectRouter({
      // Over HTTP/2 it is served by grpc-js.
      grpc: false,
      acceptCompression: [GZIP],
      readMaxBytes: context.limits.receiveBytesMax,
      // Fields that this version does not know are dropped: nothing passes them on.
      binaryOptions: { readUnknownFields: false },
      // A script that reads a figure finds it also when it is 0.
      jsonOptions: { ignoreUnknownFields: true, alwaysEmitImplicit: true },
    });
    for (const service of services) addService(router, service, context.onFailure);
    this.#handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  }

  /** Answers with whatever it comes to; never throws. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? "";
    const handler = this.#handlers.get(url.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("there is no such method\n");
      return;
    }
    this.#handle(handler, request, response).catch((cause) => {
      // A caller that went away is no failure of ours.
      if (!response.destroyed) this.#context.onFailure(cause);
      response.destroy();
    });
  }

  async #handle(handler: UniversalHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) gone.abort(new ConnectError("the caller is gone", Code.Canceled));
    });
    // Not destroyed where the library stops to read: the connection is needed for the answer.
    const reader = new BodyReader(request.iterator({ destroyOnReturn: false }), this.#room);
    const answer = await handler({
      httpVersion: request.httpVersion,
      method: request.method ?? "",
      url: `${ANY_ORIGIN}${request.url}`,
      ...boundedBody(reader, {
        header: headersOf(request),
        schema: handler.method.input,
        bytesMax: this.#context.limits.receiveBytesMax,
      }),
      signal: gone.signal,
    });
    await send(answer, response);
  }
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

async function send({ status, header, body }: UniversalServerResponse, response: ServerResponse): Promise<void> {
  for (const [name, value] of header ?? []) response.setHeader(name, value);
  response.writeHead(status);
  if (body === undefined) response.end();
  else await pipeline(Readable.from(body, { objectMode: false }), response);
}
