/** The gRPC server over scripted ports on a free port, and grpc-js clients made from the same service definitions. */
import { create, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientUnaryCall,
  credentials,
  type ServiceError,
} from "@grpc/grpc-js";
import { edgeContext } from "../../../src/api/edge-context.js";
import { createGrpcServer, type GrpcServer } from "../../../src/api/server.js";
import { serviceDefinition } from "../../../src/api/service-definition.js";
import {
  ErpService,
  type StreamEventsRequest,
  type StreamEventsResponse,
} from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import {
  ReservationService,
  type ReserveRequestSchema,
  type ReserveStreamRequest,
  type ReserveStreamResponse,
} from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import type { EdgeLimits } from "../../../src/limits.js";
import { ScriptedPorts } from "./scripted-ports.js";

// biome-ignore lint/suspicious/noExplicitAny: the messages of whatever method a test names
type Loose = any;

export interface LoggedError {
  readonly fields: { readonly err?: unknown };
  readonly message: string;
}

export class EdgeHarness {
  readonly ports = new ScriptedPorts();
  /** What went to the log and nowhere else. */
  readonly logged: LoggedError[] = [];
  readonly server: GrpcServer;
  readonly #clients: Client[] = [];
  address = "";
  client!: Client;

  private constructor(limits: Partial<EdgeLimits>) {
    const log = { error: (fields: object, message: string) => void this.logged.push({ fields, message }) };
    this.server = createGrpcServer(edgeContext({ ports: this.ports, limits, log }));
  }

  static async start(limits: Partial<EdgeLimits> = {}): Promise<EdgeHarness> {
    const edge = new EdgeHarness(limits);
    edge.address = await edge.server.bind("127.0.0.1:0");
    edge.client = edge.connect();
    return edge;
  }

  /** A connection of its own. */
  connect(): Client {
    const client = new Client(this.address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.server.shutdown(100);
  }

  /** A unary call, as it is: `call` can be cancelled, `answer` is what became of it. */
  start(service: DescService, name: string, request: object, options: CallOptions = {}) {
    const method = serviceDefinition(service)[name]!;
    const input = service.methods.find((one) => one.localName === name)!.input;
    let call!: ClientUnaryCall;
    const answer = new Promise<Loose>((resolve, reject) => {
      call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        create(input, request as Loose),
        options,
        (error, value) => (error === null ? resolve(value) : reject(error)),
      );
    });
    return { call, answer };
  }

  call(service: DescService, name: string, request: object): Promise<Loose> {
    return this.start(service, name, request).answer;
  }

  reserveStream(client = this.client): DuplexRun<ReserveStreamRequest, ReserveStreamResponse> {
    return new DuplexRun(client, ReservationService, "reserveStream");
  }

  eventStream(client = this.client): DuplexRun<StreamEventsRequest, StreamEventsResponse> {
    return new DuplexRun(client, ErpService, "streamEvents");
  }

  /**
   * Waits, by calls that go there and back on the same connection, until `count` has stayed the same for many of them: by
   * then whatever the server would still have read is read.
   */
  async untilAtRest(count: () => number): Promise<void> {
    for (let calm = 0, before = count(); calm < 50; calm++) {
      await this.call(ErpService, "getSourceStatus", { source: "x" });
      if (count() === before) continue;
      before = count();
      calm = 0;
    }
  }

  /** Waits for a condition that calls and answers bring about; the test's own time limit is the only clock. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A stream both ways, with everything that came from it. */
export class DuplexRun<Request, Answer> {
  readonly stream: ClientDuplexStream<Request, Answer>;
  readonly answers: Answer[] = [];
  /** Resolves with OK's absence of an error, or with the error. */
  readonly ended: Promise<ServiceError | undefined>;

  constructor(client: Client, service: DescService, name: string) {
    const method = serviceDefinition(service)[name]!;
    this.stream = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize as (request: Request) => Buffer,
      method.responseDeserialize as unknown as (bytes: Buffer) => Answer,
    );
    this.ended = new Promise((resolve) => {
      this.stream.on("error", resolve);
      this.stream.on("end", () => resolve(undefined));
    });
  }

  /** Begins to read; without it, the caller is one that never does. */
  read(): this {
    this.stream.on("data", (answer: Answer) => this.answers.push(answer));
    return this;
  }

  send(request: Request): void {
    this.stream.write(request);
  }
}

export type ReserveInit = MessageInitShape<typeof ReserveRequestSchema>;

/** A good request of one line, or what a test makes of it. */
export function reserveRequest(requestId: string, change: object = {}): ReserveInit {
  return {
    requestId,
    dealerId: "D1",
    orderId: "O1",
    warehouseId: "W1",
    lines: [{ sku: "A", quantity: 1n }],
    ...change,
  } as ReserveInit;
}
