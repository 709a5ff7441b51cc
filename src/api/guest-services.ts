/**
 * Services that come from packages (health, reflection). Their streams never end by themselves and write without asking
 * whether anybody reads; here they are counted, slowed to the pace of their reader, and ended by a shutdown.
 */
import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { serviceError } from "./errors.js";
import type { OpenStreams } from "./open-streams.js";
import { isRefusal } from "./unary.js";

// biome-ignore lint/suspicious/noExplicitAny: the packages' own messages, which pass through unread
type GuestStream = ServerDuplexStream<any, any>;
type StreamHandler = (call: GuestStream) => void;

/** Stands in for the server where a package adds its service to one. */
export class GuestServices {
  readonly #server: Server;
  readonly #streams: OpenStreams;

  constructor(server: Server, streams: OpenStreams) {
    this.#server = server;
    this.#streams = streams;
  }

  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    const handlers: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      const handler = implementation[name] ?? implementation[method.originalName ?? name];
      if (handler === undefined) continue;
      handlers[name] = method.responseStream
        ? (call: GuestStream) => this.#serve(call, handler as StreamHandler, method.requestStream)
        : handler;
    }
    this.#server.addService(definition, handlers);
  }

  #serve(call: GuestStream, handler: StreamHandler, isDuplex: boolean): void {
    const entered = this.#streams.enter((refused) => call.emit("error", serviceError(refused)));
    if (isRefusal(entered)) {
      call.emit("error", serviceError(entered));
      return;
    }
    call.on("cancelled", entered);
    call.on("close", entered);
    handler(call);
    if (!isDuplex) return;
    // After the handler's own listener, so that its answer to this message counts already.
    call.on("data", () => {
      if (call.writableNeedDrain) call.pause();
    });
    call.on("drain", () => call.resume());
  }
}
