/** Health checking and server reflection, as any gRPC tool would ask for them. */
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { type ClientDuplexStream, type ClientReadableStream, credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { fromJSON, loadSync } from "@grpc/proto-loader";
import { protoPath as healthProtoPath } from "grpc-health-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detailsOf } from "./refusal-of.js";
import { ServiceHarness } from "./service-harness.js";

const SERVICES = [
  "holdfast.v1.AvailabilityService",
  "holdfast.v1.ErpService",
  "holdfast.v1.OperationsService",
  "holdfast.v1.ReservationService",
];

// biome-ignore lint/suspicious/noExplicitAny: clients that proto-loader makes at run time have no types
type Loose = any;

let service: ServiceHarness;

beforeAll(async () => {
  service = await ServiceHarness.start();
});

afterAll(() => service.stop());

function client(definition: ReturnType<typeof loadSync>, path: string): Loose {
  const made: Loose = path.split(".").reduce((scope: Loose, name) => scope[name], loadPackageDefinition(definition));
  return new made(service.address, credentials.createInsecure());
}

describe("grpc.health.v1", () => {
  const health = () => client(loadSync(healthProtoPath, { enums: String }), "grpc.health.v1.Health");

  const check = (name: string) =>
    new Promise<string>((resolve, reject) =>
      health().check({ service: name }, (error: Error | null, answer: Loose) =>
        error === null ? resolve(answer.status) : reject(error),
      ),
    );

  test.each(["", ...SERVICES])("says that %j is served", async (name) => {
    expect(await check(name)).toBe("SERVING");
  });

  test("does not know other services", async () => {
    await expect(check("holdfast.v1.NoSuchService")).rejects.toMatchObject({ code: 5 });
  });

  test("tells a watcher at once, and of the end before it comes", async () => {
    const other = await ServiceHarness.start();
    const definition = loadSync(healthProtoPath, { enums: String });
    const made: Loose = (loadPackageDefinition(definition) as Loose).grpc.health.v1.Health;
    const stream: ClientReadableStream<{ status: string }> = new made(
      other.address,
      credentials.createInsecure(),
    ).watch({
      service: SERVICES[0],
    });
    const seen: string[] = [];
    const first = new Promise<void>((resolve) =>
      stream.on("data", ({ status }) => {
        seen.push(status);
        resolve();
      }),
    );
    const ended = new Promise<void>((resolve) => stream.on("error", () => resolve()).on("end", resolve));
    await first;
    await other.stop();
    await ended;
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
  });
});

describe.each(["grpc.reflection.v1", "grpc.reflection.v1alpha"])("%s", (packageName) => {
  /** Asks once, with the messages written down by hand: that is all of the protocol that is needed. */
  async function ask(request: object): Promise<Loose> {
    const reflection = client(reflectionDefinition(packageName), `${packageName}.ServerReflection`);
    const stream: ClientDuplexStream<object, Loose> = reflection.serverReflectionInfo();
    const answer = new Promise<Loose>((resolve, reject) => stream.on("data", resolve).on("error", reject));
    stream.write(request);
    const value = await answer;
    stream.end();
    reflection.close();
    return value;
  }

  test("lists every service", async () => {
    const { listServicesResponse } = await ask({ listServices: "" });
    const names = listServicesResponse.service.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining([...SERVICES, "grpc.health.v1.Health"]));
  });

  test.each([
    "holdfast.v1.ReservationService",
    "holdfast.v1.ReservationService.Reserve",
    "holdfast.v1.ErpService.StreamEvents",
    "holdfast.v1.ReserveRequest",
    "google.rpc.Status",
  ])("describes %s", async (symbol) => {
    const { fileDescriptorResponse } = await ask({ fileContainingSymbol: symbol });
    const files = fileDescriptorResponse.fileDescriptorProto.map((bytes: Uint8Array) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    const names = files.flatMap((file: Loose) => [
      ...file.messageType.map((message: Loose) => `${file.package}.${message.name}`),
      ...file.service.flatMap((each: Loose) => [
        `${file.package}.${each.name}`,
        ...each.method.map((method: Loose) => `${file.package}.${each.name}.${method.name}`),
      ]),
    ]);
    expect(names).toContain(symbol);
  });
});

/** The reflection protocol, as far as these tests speak it. */
function reflectionDefinition(packageName: string) {
  const field = (id: number, type: string, rule?: string) => (rule === undefined ? { id, type } : { id, type, rule });
  const nested = {
    ServerReflection: {
      methods: {
        ServerReflectionInfo: {
          requestType: "Request",
          requestStream: true,
          responseType: "Response",
          responseStream: true,
        },
      },
    },
    Request: { fields: { fileContainingSymbol: field(4, "string"), listServices: field(7, "string") } },
    Response: { fields: { fileDescriptorResponse: field(4, "Files"), listServicesResponse: field(6, "Services") } },
    Files: { fields: { fileDescriptorProto: field(1, "bytes", "repeated") } },
    Services: { fields: { service: field(1, "Service", "repeated") } },
    Service: { fields: { name: field(1, "string") } },
  };
  const root = packageName.split(".").reduceRight<object>((inner, name) => ({ [name]: { nested: inner } }), nested);
  return fromJSON({ nested: root } as Parameters<typeof fromJSON>[0]);
}

test("a method that is not declared is UNIMPLEMENTED", async () => {
  const call = new Promise((_, reject) =>
    service.client.makeUnaryRequest(
      "/holdfast.v1.ErpService/NoSuchMethod",
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.alloc(0),
      (error) => reject(error),
    ),
  );
  await expect(call).rejects.toMatchObject({ code: 12 });
  await expect(detailsOf(call)).rejects.toThrow("refused without details");
});
