/**
 * The HTTP server: the same services over Connect and gRPC-Web, in JSON and in bytes, for web pages and scripts, `/healthz`, and
 * `/metrics` for Prometheus.
 * What is particular to it is bounded here; the rest is bounded where gRPC is.
 *
 * 1. A caller that is slow to ask, or takes nothing of what it is told, is cut off.
 * 2. Of one connection, one request is answered at a time.
 * 3. A stop ends streams with their status first, then connections as they fall idle, then all.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { EdgeLimits } from "../../limits.js";
import type { EdgeContext } from "../edge-context.js";
import { Listener } from "../listener.js";
import { servedServices } from "../services.js";
import { ConnectExchange } from "./connect-exchange.js";
import { OriginPolicy } from "./origin-policy.js";

/** How often Node looks for connections that took too long to ask. */
const CHECK_MS = 1_000;

export interface HttpServerOptions {
  /** Origins of web pages that may call, besides our own. */
  readonly allowedOrigins: readonly string[];
  /** Answers `/metrics`; nothing is there without it. */
  readonly scrape?: Serve | undefined;
}

export interface HttpServer {
  /** Opens HOST:PORT (port 0 takes a free one) and begins to serve; resolves with the address that was taken. */
  bind(listen: string): Promise<string>;
  /** Stops within `graceMs`: calls under way are finished if they can be, then every connection is closed. */
  shutdown(graceMs: number): Promise<void>;
}

export function createHttpServer(context: EdgeContext, { allowedOrigins, scrape }: HttpServerOptions): HttpServer {
  const { limits, streams } = context;
  const exchange = new ConnectExchange(servedServices(context), context);
  const connections = new Connections();
  let policy = new OriginPolicy({ allowedOrigins, listen: "" });
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const verdict = policy.judge(request);
    response.setHeader("cache-control", "no-store");
    if (verdict.kind === "refused") say(response, 403, `${verdict.why}\n`);
    else {
      for (const [name, value] of Object.entries(verdict.header)) response.setHeader(name, value);
      if (verdict.kind === "preflight") response.writeHead(204).end();
      else if (request.url === "/healthz") sayHealth(response, !connections.isClosing);
      else if (request.url === "/metrics" && scrape !== undefined) scrape(request, response);
      else exchange.answer(request, response);
    }
  };
  const listener = new Listener(() => serverOf(limits, connections, serve), limits);
  let stopped: Promise<void> | undefined;
  const stop = (graceMs: number) => {
    connections.closeIdle();
    streams.endAll();
    return listener.close(graceMs);
  };
  return {
    async bind(listen) {
      policy = new OriginPolicy({ allowedOrigins, listen });
      return listener.open(listen);
    },
    shutdown(graceMs) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

function serverOf(limits: EdgeLimits, connections: Connections, serve: Serve): Server {
  const server = createServer(
    {
      headersTimeout: limits.httpHeadersMs,
      requestTimeout: limits.httpRequestMs,
      keepAliveTimeout: limits.httpKeepAliveMs,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: limits.httpHeaderBytesMax,
      keepAlive: true,
      keepAliveInitialDelay: limits.keepaliveMs,
      noDelay: true,
    },
    (request, response) => connections.take(request, response, serve),
  );
  server.on("connection", (socket: Socket) => connections.watch(socket));
  // No time without a sign of life: a stream may be silent as long as its reader takes what there is.
  server.timeout = limits.httpStalledMs;
  server.on("timeout", (socket: Socket) => {
    if (socket.writableLength > 0 || !connections.isBusy(socket)) socket.destroy();
  });
  return server;
}

/** The connections, and what goes on in each. */
class Connections {
  readonly #all = new Set<Socket>();
  /** Resolved when the request before is answered. */
  readonly #turns = new WeakMap<Socket, Promise<void>>();
  readonly #requests = new Map<Socket, number>();
  isClosing = false;

  watch(socket: Socket): void {
    this.#all.add(socket);
    socket.once("close", () => {
      this.#all.delete(socket);
      this.#requests.delete(socket);
    });
  }

  isBusy(socket: Socket): boolean {
    return this.#requests.has(socket);
  }

  /** Requests that a caller sends ahead wait until those before them are answered. */
  take(request: IncomingMessage, response: ServerResponse, serve: Serve): void {
    const { socket } = request;
    const before = this.#turns.get(socket);
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    const answered = new Promise<void>((resolve) => {
      response.once("close", () => {
        this.#answered(socket, request);
        resolve();
      });
    });
    this.#turns.set(socket, answered);
    const begin = () => {
      // What came after a goodbye, ours or the caller's, has nobody to be answered to.
      if (!socket.writable || response.destroyed) return;
      if (this.isClosing) response.setHeader("connection", "close");
      serve(request, response);
    };
    if (before === undefined) begin();
    else before.then(begin);
  }

  /** From now on a connection is closed as soon as it is idle. */
  closeIdle(): void {
    this.isClosing = true;
    for (const socket of this.#all) if (!this.isBusy(socket)) socket.destroySoon();
  }

  #answered(socket: Socket, request: IncomingMessage): void {
    const left = (this.#requests.get(socket) ?? 1) - 1;
    if (left > 0) this.#requests.set(socket, left);
    else this.#requests.delete(socket);
    if (!request.complete) {
      // Nobody wants the rest of the body. It is read and dropped until the caller hangs up, or a reset would take our answer along.
      request.resume();
      socket.end();
    } else if (this.isClosing && left <= 0) socket.destroySoon();
  }
}

function sayHealth(response: ServerResponse, isServing: boolean): void {
  say(response, isServing ? 200 : 503, isServing ? "SERVING\n" : "NOT_SERVING\n");
}

function say(response: ServerResponse, status: number, text: string): void {
  const header = { "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(text) };
  response.writeHead(status, header).end(text);
}
