/**
 * The port and every connection through it. grpc-js can open a port by itself, but keeps its connections out of reach: one
 * that never says a word, or never closes its side, would outlive a shutdown, and the process with it.
 */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, isIP, type Server, type Socket } from "node:net";
import type { EdgeLimits } from "../limits.js";

export class Listener {
  readonly #serve: (socket: Socket) => void;
  readonly #limits: Pick<EdgeLimits, "connectionsMax" | "lingerMs">;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** `serve` is given each connection. */
  constructor(serve: (socket: Socket) => void, limits: Pick<EdgeLimits, "connectionsMax" | "lingerMs">) {
    this.#serve = serve;
    this.#limits = limits;
  }

  /** Opens HOST:PORT on every address of the host that can be had; resolves with the port. Port 0 takes a free one. */
  async open(listen: string): Promise<number> {
    const { host, port: wanted } = parse(listen);
    const addresses = isIP(host) ? [host] : (await lookup(host, { all: true })).map(({ address }) => address);
    let port = wanted;
    let failure: unknown;
    for (const address of addresses) {
      try {
        port = await this.#openOne(address, port);
      } catch (cause) {
        failure ??= cause;
      }
    }
    // "localhost" also stands for ::1, on a machine without IPv6 as well: one address is enough.
    if (this.#servers.length === 0) throw failure;
    return port;
  }

  /** Accepts no more; resolves when every connection is gone. Those left after `graceMs` are cut off. */
  async close(graceMs: number): Promise<void> {
    const closed = this.#servers.map((server) => once(server.close(), "close"));
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(cut);
  }

  async #openOne(host: string, port: number): Promise<number> {
    const server = createServer((socket) => this.#accept(socket));
    server.maxConnections = this.#limits.connectionsMax;
    server.listen({ host, port });
    await once(server, "listening");
    this.#servers.push(server);
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // We said goodbye; a peer that does not hang up then is hung up on.
    socket.once("finish", () => setTimeout(() => socket.destroy(), this.#limits.lingerMs).unref());
    this.#serve(socket);
  }
}

function parse(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(listen.slice(colon + 1)) };
}
