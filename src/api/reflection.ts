/**
 * Server reflection from the descriptors that the code was generated from: it needs no .proto file at run time, and tools
 * see our files as they are, under their own names.
 */
import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as healthService } from "grpc-health-check";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.js";
import type { GuestServices } from "./guest-services.js";

type Package = ConstructorParameters<typeof ReflectionService>[0];

/** Serves grpc.reflection.v1 and v1alpha for these services and for health checking. */
export function addReflection(server: GuestServices, services: readonly DescService[]): void {
  const files = new Set<DescFile>();
  for (const service of services) addWithDependencies(service.file, files);
  // No method names it, but every refusal carries it: with it, a tool can print the details of an error.
  addWithDependencies(file_google_rpc_error_details, files);
  const described = {
    holdfast: { fileDescriptorProtos: [...files].map((file) => toBinary(FileDescriptorProtoSchema, file.proto)) },
    health: { fileDescriptorProtos: healthFiles(healthService) },
  };
  // The package reads the files of each entry and nothing else of it.
  new ReflectionService(described as unknown as Package).addToServer(server);
}

/** Dependencies go first, as readers of descriptor sets want them. */
function addWithDependencies(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return;
  for (const dependency of file.dependencies) addWithDependencies(dependency, files);
  files.add(file);
}

/** What the loader of the health package knows of its own file. */
function healthFiles(service: ServiceDefinition): readonly Uint8Array[] {
  const [method] = Object.values(service) as unknown as { requestType: { fileDescriptorProtos: Uint8Array[] } }[];
  return method!.requestType.fileDescriptorProtos;
}
