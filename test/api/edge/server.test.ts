/** The server around the services: health, reflection, and a stop that is bounded and tells everybody. */
import { connect as connectSocket } from "node:net";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  Client,
  credentials,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as healthService } from "grpc-health-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { edgeContext } from "../../../src/api/edge-context.js";
import { createGrpcServer } from "../../../src/api/server.js";
import { ErpService } from "../../../src/gen/holdfast/v1/erp_service_pb.js";
import { ReservationService, ReserveStreamRequestSchema } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { refusalOf, refusal as seenRefusal } from "../refusal-of.js";
import { DuplexRun, EdgeHarness, reserveRequest } from "./edge-harness.js";
import { sampleReserved } from "./sample-answers.js";
import { ScriptedPorts } from "./scripted-ports.js";
import { UnreadStream } from "./unread-stream.js";

const SERVICES = [
  "holdfast.v1.AvailabilityService",
  "holdfast.v1.ErpService",
  "holdfast.v1.OperationsService",
  "holdfast.v1.ReservationService",
];
/** Long enough that a test which waits for it is seen to hang. */
const LONG_MS = 30_000;

// biome-ignore lint/suspicious/noExplicitAny: messages of services that are not ours
type Loose = any;
type Definition = MethodDefinition<Loose, Loose>;

const message = (requestId: string) => create(ReserveStreamRequestSchema, { reserve: reserveRequest(requestId) });

let edge: EdgeHarness;

beforeEach(async () => {
  edge = await EdgeHarness.start();
});

afterEach(() => edge.stop());

const health = healthService as unknown as Record<"Check" | "Watch", Definition>;

function check(service: string): Promise<{ readonly status: string }> {
  const { path, requestSerialize, responseDeserialize } = health.Check;
  return new Promise((resolve, reject) => {
    edge.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, answer) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
}

function watch(service: string) {
  const { path, requestSerialize, responseDeserialize } = health.Watch;
  const call = edge.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
  const seen: string[] = [];
  call.on("data", (answer: { readonly status: string }) => seen.push(answer.status));
  const ended = new Promise<ServiceError>((resolve) => call.on("error", resolve));
  return { call, seen, ended };
}

describe("health", () => {
  test.each(["", ...SERVICES])("of %j is SERVING once the port is open", async (service) => {
    expect(await check(service)).toEqual({ status: "SERVING" });
  });

  test("of a service that is not ours is NOT_FOUND when asked, and unknown to a watcher that waits", async () => {
    expect(await check("other").catch((error: ServiceError) => error.code)).toBe(status.NOT_FOUND);
    const { call, seen } = watch("other");
    await edge.until(() => seen.length > 0);
    expect(seen).toEqual(["SERVICE_UNKNOWN"]);
    call.cancel();
  });

  test("goes to NOT_SERVING at a shutdown before anything ends, and the watch ends with the server", async () => {
    const watches = ["", ...SERVICES].map(watch);
    await edge.until(() => watches.every(({ seen }) => seen.length === 1));
    await edge.server.shutdown(LONG_MS);
    for (const { seen, ended } of watches) {
      expect(await refusalOf(ended.then((error) => Promise.reject(error)))).toEqual(
        seenRefusal("UNAVAILABLE", "SHUTTING_DOWN"),
      );
      expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
    }
  });
});

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  const { path, requestSerialize, responseDeserialize } = reflectionMethod(version);
  const ask = async (...requests: object[]): Promise<Loose[]> => {
    const call = edge.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    for (const request of requests) call.write(request);
    call.end();
    const answers: Loose[] = [];
    for await (const answer of call) answers.push(answer);
    return answers;
  };
  const registryFrom = (answer: Loose) => {
    const encoded: string[] = answer.fileDescriptorResponse.fileDescriptorProto;
    const files = encoded.map((text) => fromBinary(FileDescriptorProtoSchema, Buffer.from(text, "base64")));
    return { names: files.map((file) => file.name), files };
  };

  test("lists our services and health", async () => {
    const [answer] = await ask({ listServices: "*" });
    const names = answer.listServicesResponse.service.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(["grpc.health.v1.Health", ...SERVICES]);
  });

  test.each(SERVICES)("describes %s from our own files, with everything that they need", async (service) => {
    const [answer] = await ask({ fileContainingSymbol: service });
    const { names, files } = registryFrom(answer);
    expect(names.some((name) => name.startsWith("holdfast/v1/"))).toBe(true);
    // Building a registry fails where a file or a type is missing.
    const sorted = files.sort((one, other) => dependents(files, one.name) - dependents(files, other.name)).reverse();
    const registry = createFileRegistry({ $typeName: FileDescriptorSetSchema.typeName, file: sorted });
    expect(registry.getService(service)?.methods.length).toBeGreaterThan(0);
  });

  test("describes a method, and the details that errors carry", async () => {
    const [reserve, details, absent] = await ask(
      { fileContainingSymbol: "holdfast.v1.ReservationService.ReserveStream" },
      { fileContainingSymbol: "google.rpc.BadRequest" },
      { fileContainingSymbol: "__proto__.constructor" },
    );
    expect(registryFrom(reserve).names[0]).toBe("holdfast/v1/reservation_service.proto");
    expect(registryFrom(details).names[0]).toBe("google/rpc/error_details.proto");
    expect(absent.errorResponse.errorCode).toBe(status.NOT_FOUND);
  });

  test("does not read on from a caller that does not read", async () => {
    const sent = 12_000;
    const silent = new UnreadStream(edge.address, path);
    silent.sendEach(requestSerialize({ fileContainingSymbol: SERVICES[3] }), sent);
    await edge.until(() => silent.accepted > 0);
    await edge.untilAtRest(() => silent.accepted);
    // Each answer is above 10 kB, so that windows are soon full. They are not alike: Node 20 lets in 1,500, Node 24 3,500.
    expect(silent.accepted).toBeLessThan(sent / 2);
    silent.close();
  });
});

describe("a shutdown", () => {
  test("is quick when nothing is under way, with connections open that never say anything", async () => {
    const [host, port] = edge.address.split(":");
    const socket = connectSocket(Number(port), host);
    await new Promise((resolve) => socket.once("connect", resolve));
    await check("");
    await edge.server.shutdown(LONG_MS);
    socket.destroy();
  });

  test("waits for the calls that were taken, and takes no new ones", async () => {
    const first = edge.start(ReservationService, "reserve", reserveRequest("R1"));
    await edge.until(() => edge.ports.taken.length === 1);
    const stopped = edge.server.shutdown(LONG_MS);
    const late = new Client(edge.address, credentials.createInsecure());
    await expect(
      new Promise((resolve, reject) =>
        late.waitForReady(Date.now() + 300, (error) => (error ? reject(error) : resolve(0))),
      ),
    ).rejects.toThrow();
    late.close();
    edge.ports.taken[0]!.answer(sampleReserved());
    expect(await first.answer).toMatchObject({ outcome: 1 });
    await stopped;
  });

  test("answers what its streams were asked, then ends them with SHUTTING_DOWN", async () => {
    const reserves = edge.reserveStream().read();
    const events = edge.eventStream().read();
    reserves.send(message("R1"));
    await edge.until(() => edge.ports.taken.length === 1);
    const stopped = edge.server.shutdown(LONG_MS);
    edge.ports.taken[0]!.answer(sampleReserved());
    for (const run of [reserves, events]) {
      const failed = run.ended.then((error) => Promise.reject(error));
      expect(await refusalOf(failed)).toEqual(seenRefusal("UNAVAILABLE", "SHUTTING_DOWN"));
    }
    expect(reserves.answers.map((answer) => answer.requestId)).toEqual(["R1"]);
    await stopped;
  });

  test("does not wait longer than it was told for what never ends", async () => {
    const stuck = edge.start(ReservationService, "reserve", reserveRequest("R1"));
    const reserves = edge.reserveStream().read();
    reserves.send(message("R2"));
    const failed = stuck.answer.catch((error: ServiceError) => error.code);
    await edge.until(() => edge.ports.taken.length === 2);
    await edge.server.shutdown(100);
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain(await failed);
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain((await reserves.ended)?.code);
    // Both connections are gone for good: what the engine settles now reaches nobody and harms nothing.
    for (const taken of edge.ports.taken) taken.answer(sampleReserved());
  });

  test("may be asked for twice, and before the port was opened", async () => {
    await Promise.all([edge.server.shutdown(LONG_MS), edge.server.shutdown(LONG_MS)]);
    const log = { error: () => {} };
    await createGrpcServer(edgeContext({ ports: new ScriptedPorts(), log })).shutdown(LONG_MS);
  });
});

describe("the port", () => {
  test.each(["127.0.0.1:0", "localhost:0", "[::1]:0"])("%s becomes a free one, which is named", async (listen) => {
    const server = createGrpcServer(edgeContext({ ports: new ScriptedPorts(), log: { error: () => {} } }));
    const address = await server.bind(listen);
    expect(address).toMatch(new RegExp(`^${listen.slice(0, -1).replace(/[[\]]/g, "\\$&")}[1-9]\\d+$`));
    const client = new Client(address, credentials.createInsecure());
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 5_000, (error) => (error === undefined ? resolve() : reject(error))),
    );
    client.close();
    await server.shutdown(LONG_MS);
  });

  test("that somebody has is refused", async () => {
    const server = createGrpcServer(edgeContext({ ports: new ScriptedPorts(), log: { error: () => {} } }));
    await expect(server.bind(edge.address)).rejects.toThrow(/EADDRINUSE|bind/);
    await server.shutdown(LONG_MS);
  });
});

test("a stream that comes while the server stops is turned away", async () => {
  const taken = edge.reserveStream().read();
  taken.send(message("R1"));
  await edge.until(() => edge.ports.taken.length === 1);
  const stopped = edge.server.shutdown(LONG_MS);
  const late = new DuplexRun(edge.client, ErpService, "streamEvents").read();
  expect((await late.ended)?.code).toBe(status.UNAVAILABLE);
  edge.ports.taken[0]!.answer(sampleReserved());
  await stopped;
});

/** The client's side of reflection, as the package itself defines it. */
function reflectionMethod(version: string): Definition {
  const methods: Definition[] = [];
  const addService = (service: ServiceDefinition) => void methods.push(...Object.values(service));
  new ReflectionService({}).addToServer({ addService });
  return methods.find(({ path }) => path.includes(`.${version}.`))!;
}

/** How many of these files need the one with this name, directly or not. */
function dependents(files: readonly { name: string; dependency: string[] }[], name: string): number {
  const needing = new Set<string>();
  const add = (needed: string) => {
    for (const file of files) {
      if (!file.dependency.includes(needed) || needing.has(file.name)) continue;
      needing.add(file.name);
      add(file.name);
    }
  };
  add(name);
  return needing.size;
}
