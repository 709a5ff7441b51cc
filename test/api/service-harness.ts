/**
 * The whole service in this process: a Host on a folder of its own, the gRPC server on a free port, and one grpc-js client.
 * It sends exactly what a test says (no request id is made up, no number is widened) and gives back whole answers.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  create,
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";
import { pino } from "pino";
import { edgeContext } from "../../src/api/edge-context.js";
import { createGrpcServer, type GrpcServer } from "../../src/api/server.js";
import { startDuplex } from "../../src/client/method-bridge.js";
import { callOnce } from "../../src/client/unary-call.js";
import { Host } from "../../src/compose/host.js";
import { imageWorkHere } from "../../src/compose/images/image-work.js";
import type { LogNodeSettings } from "../../src/compose/log-node.js";
import { AvailabilityService } from "../../src/gen/holdfast/v1/availability_service_pb.js";
import type { ErpEventSchema } from "../../src/gen/holdfast/v1/erp_event_pb.js";
import { ErpService, type StreamEventsResponse } from "../../src/gen/holdfast/v1/erp_service_pb.js";
import { ReservationService, type ReserveRequestSchema } from "../../src/gen/holdfast/v1/reservation_service_pb.js";
import { WITHOUT_REST } from "../../src/images/pace.js";
import { systemDisk } from "../../src/journal/system-disk.js";

export const SETTINGS: LogNodeSettings = {
  requireKnown: false,
  sourceThresholds: { laggingAfterMs: 3_600_000, staleAfterMs: 24 * 3_600_000, gapWaitMs: 30_000, gapPolicy: "WAIT" },
  erpQuantityMax: 100_000_000,
  watch: { conflateMs: 1, heartbeatMs: 10_000, unreadMaxMs: 60_000 },
  stocksResidentMax: 10_000,
  reservationsResidentMax: 10_000,
  answersMax: 1_000_000,
  answerRetentionMs: 7 * 24 * 3_600_000,
  inboxCommandsMax: 10_000,
  checkpointRecordsMax: 100_000,
  checkpointBytesMax: 16 * 1024 * 1024,
};

export type Init<Desc extends DescMessage> = MessageInitShape<Desc>;
export type EventBody = NonNullable<Exclude<Init<typeof ErpEventSchema>, { $typeName: string }>["body"]>;

export class ServiceHarness {
  readonly #folder: string;
  readonly #settings: LogNodeSettings;
  readonly #sequences = new Map<string, bigint>();
  /** Whatever the engine gave up for; tests end with it empty. */
  readonly failures: unknown[] = [];
  #requests = 0;
  #host!: Host;
  #server!: GrpcServer;
  client!: Client;
  address = "";

  private constructor(folder: string, settings: LogNodeSettings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  static async start(settings: Partial<LogNodeSettings> = {}): Promise<ServiceHarness> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-service-"));
    const harness = new ServiceHarness(folder, { ...SETTINGS, ...settings });
    await harness.#open();
    return harness;
  }

  async #open(): Promise<void> {
    const log = pino({ level: "silent" });
    const heard = (fields: object) => this.failures.push(fields);
    this.#host = await Host.open({
      dataFolder: this.#folder,
      segmentBytes: 4 * 1024 * 1024,
      freeBytesMin: 0,
      settings: this.#settings,
      images: { everyBytes: 256 * 1024 * 1024, retention: { keepMs: 0, keepBytes: 0 } },
      imageWork: imageWorkHere(systemDisk, WITHOUT_REST),
      log: Object.assign(log, { error: heard }),
      onFatal: (cause) => this.failures.push(cause),
    });
    this.#server = createGrpcServer(edgeContext({ ports: this.#host.ports, log: { error: heard } }));
    this.address = await this.#server.bind("127.0.0.1:0");
    this.client = this.connect();
  }

  /** A connection of its own. */
  connect(): Client {
    return new Client(this.address, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": 64 * 1024 * 1024,
    });
  }

  /** A clean stop, and a new service on the same folder; on request from the journal alone. */
  async restart(options: { readonly withoutSnapshots?: boolean } = {}): Promise<void> {
    await this.#close();
    if (options.withoutSnapshots === true) {
      for (const name of ["level", "CHECKPOINT"]) {
        await rm(join(this.#folder, "logs", "0", name), { recursive: true });
      }
    }
    await this.#open();
  }

  async stop(): Promise<void> {
    await this.#close();
    await rm(this.#folder, { recursive: true, force: true });
    if (this.failures.length > 0) throw new Error("the service failed inside", { cause: this.failures });
  }

  async #close(): Promise<void> {
    this.client.close();
    await this.#server.shutdown(1_000);
    await this.#host.stop();
  }

  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: Init<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    return callOnce(this.client, method, create(method.input, request), { remainingMs: 20_000, signal });
  }

  duplex<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
  ): ClientDuplexStream<MessageShape<I>, MessageShape<O>> {
    return startDuplex(this.client, method, new Metadata());
  }

  /** A request id that was not used before. */
  requestId(): string {
    this.#requests += 1;
    return `request-${this.#requests}`;
  }

  reserve(request: Init<typeof ReserveRequestSchema>) {
    const defaults = { requestId: this.requestId(), dealerId: "D1", orderId: "O1", warehouseId: "W1" };
    return this.call(ReservationService.method.reserve, { ...defaults, ...request } as typeof request);
  }

  /** Reserves one SKU; the reservation's id. */
  async hold(sku: string, quantity: number, more: Init<typeof ReserveRequestSchema> = {}): Promise<string> {
    const { reservation } = await this.reserve({
      lines: [{ sku, quantity: BigInt(quantity) }],
      ...more,
    } as typeof more);
    if (reservation === undefined) throw new Error(`${quantity} of ${sku} were not reserved`);
    return reservation.reservationId;
  }

  commit(reservationId: string, dealerId = "D1") {
    return this.call(ReservationService.method.commit, { requestId: this.requestId(), dealerId, reservationId });
  }

  release(reservationId: string, dealerId = "D1") {
    return this.call(ReservationService.method.release, { requestId: this.requestId(), dealerId, reservationId });
  }

  async get(reservationId: string, dealerId = "D1") {
    const { reservation } = await this.call(ReservationService.method.getReservation, { reservationId, dealerId });
    return reservation!;
  }

  /** Sends events as they are, on one stream, and gives the answers; rejects when the stream ends with a failure. */
  events(messages: readonly Init<typeof ErpEventSchema>[]): Promise<StreamEventsResponse[]> {
    const { answers, ended } = this.eventStream(messages);
    return ended.then(() => answers);
  }

  /** The same, but what was answered before a failure can be seen. */
  eventStream(messages: readonly Init<typeof ErpEventSchema>[]) {
    const method = ErpService.method.streamEvents;
    const stream = this.duplex(method);
    const answers: StreamEventsResponse[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      stream.on("data", (answer: StreamEventsResponse) => {
        // A request for positions answers no event; it may come at any time.
        if (answer.positionsRequest === undefined) answers.push(answer);
      });
      stream.on("end", resolve);
      stream.on("error", reject);
    });
    for (const event of messages) stream.write(create(method.input, { event }));
    stream.end();
    return { answers, ended };
  }

  /** The next event of a source; its answer. */
  async erp(body: EventBody, source = "erp"): Promise<StreamEventsResponse> {
    const sequence = (this.#sequences.get(source) ?? 0n) + 1n;
    this.#sequences.set(source, sequence);
    const [answer] = await this.events([{ source, sequence, eventId: `${source}-${sequence}`, body }]);
    return answer!;
  }

  receive(sku: string, quantity: number, warehouseId = "W1") {
    return this.erp({ case: "stockReceived", value: { warehouseId, sku, quantity: BigInt(quantity) } });
  }

  async figures(sku: string, warehouseId = "W1") {
    const { availability } = await this.call(AvailabilityService.method.getAvailability, { warehouseId, skus: [sku] });
    return availability[0]!;
  }
}
