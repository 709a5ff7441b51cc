/**
 * The port and every connection through it. grpc-js can open a port by itself, but keeps its connections out of reach: one
 * that never says a word, or never closes its side, would outlive a shutdown, and the process with it.
 */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { isIP, type Server, type Socket } from "node:net";
import type { EdgeLimits } from "../limits.js";

export class Listener {
  readonly #createServer: () => Server;
  readonly #limits: Pick<EdgeLimits, "connectionsMax" | "lingerMs">;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** `createServer` makes the server of one address, which serves its connections. */
  constructor(createServer: () => Server, limits: Pick<EdgeLimits, "connectionsMax" | "lingerMs">) {
    this.#createServer = createServer;
    this.#limits = limits;
  }

  /** Opens HOST:PORT on every address of the host that can be had (port 0 takes a free one); resolves with the same, the port as it is. */
  async open(listen: string): Promise<string> {
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
    return `${listen.slice(0, listen.lastIndexOf(":"))}:${port}`;
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
    const server = this.#createServer();
    server.on("connection", (socket) => this.#watch(socket));
    server.maxConnections = this.#limits.connectionsMax;
    // After a restart everyone comes back at once, and waits here rather than be turned away by the system.
    server.listen({ host, port, backlog: this.#limits.connectionsMax });
    await once(server, "listening");
    this.#servers.push(server);
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // We said goodbye; a peer that does not hang up then is hung up on.
    socket.once("finish", () => setTimeout(() => socket.destroy(), this.#limits.lingerMs).unref());
  }
}

function parse(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(listen.slice(colon + 1)) };
}
