/**
 * A grpc-js server whose answers a test writes down: for each method a function from the request to the answer.
 * It knows nothing of reservations; what is not scripted is UNIMPLEMENTED.
 */
import { create, type DescMessage, type DescMethod, type DescService, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../src/gen/google/rpc/status_pb.js";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import { ErpService } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { OperationsService } from "../../src/gen/holdfast/v1/operations_service_pb.js";
import { ReservationService } from "../../src/gen/holdfast/v1/reservation_service_pb.js";

// biome-ignore lint/suspicious/noExplicitAny: a script is written by the test that knows the message types
type Loose = any;
export type UnaryScript = (request: Loose) => Loose | Promise<Loose>;
/** `answer` is there for methods that only the caller streams on. */
export type StreamScript = (call: Loose, answer?: Loose) => void;
export type Script = Readonly<Record<string, UnaryScript | StreamScript>>;

export interface ScriptedServer {
  readonly address: string;
  /** Every unary request received, by method, in order. */
  readonly requests: ReadonlyMap<string, Loose[]>;
  stop(): void;
}

const SERVICES: readonly DescService[] = [ReservationService, AvailabilityService, ErpService, OperationsService];

export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const server = new Server();
  const requests = new Map<string, Loose[]>();
  for (const service of SERVICES) {
    const definition: Record<string, unknown> = {};
    const handlers: UntypedServiceImplementation = {};
    for (const method of service.methods) {
      const handler = script[method.localName];
      if (handler === undefined) continue;
      definition[method.localName] = definitionOf(method);
      handlers[method.localName] =
        method.methodKind === "unary"
          ? unaryHandler(method, handler as UnaryScript, requests)
          : (handler as StreamScript);
    }
    if (Object.keys(definition).length > 0) server.addService(definition as ServiceDefinition, handlers);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, requests, stop: () => server.forceShutdown() };
}

/** A google.rpc.Status with Holdfast's details. */
export function refusalStatus(refusal: {
  code: status;
  message: string;
  reason: string;
  metadata?: Record<string, string>;
  fields?: string[];
  retryAfterMs?: number;
}): Status {
  const { code, message, reason, metadata = {}, fields, retryAfterMs } = refusal;
  const details = [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { domain: "holdfast", reason, metadata }))];
  if (fields !== undefined) {
    const fieldViolations = fields.map((field) => ({ field, description: `${field} is wrong` }));
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(retryAfterMs);
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  return create(StatusSchema, { code, message, details });
}

/** Throw this from a unary script, or pass it to `destroy` or `emit("error")` of a stream. */
export function refused(refusal: Parameters<typeof refusalStatus>[0]): Error {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, refusalStatus(refusal))));
  return Object.assign(new Error(refusal.message), { code: refusal.code, details: refusal.message, metadata });
}

function definitionOf(method: DescMethod): object {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: encoder(method.input),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: encoder(method.output),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}

function encoder(desc: DescMessage): (message: Loose) => Buffer {
  return (message) => Buffer.from(toBinary(desc, create(desc, message)));
}

function unaryHandler(method: DescMethod, script: UnaryScript, requests: Map<string, Loose[]>) {
  return async (call: ServerUnaryCall<Loose, Loose>, callback: sendUnaryData<Loose>): Promise<void> => {
    const received = requests.get(method.localName) ?? [];
    requests.set(method.localName, received);
    received.push(call.request);
    try {
      callback(null, await script(call.request));
    } catch (error) {
      callback(error as { code: status });
    }
  };
}
