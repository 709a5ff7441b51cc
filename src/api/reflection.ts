/** Server reflection from the descriptors that the code was generated from, so that it needs no .proto file at run time. */
import { create, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer, loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProtoPath } from "grpc-health-check";

/** Serves grpc.reflection.v1 and v1alpha for these services and for health checking. */
export function addReflection(server: Server, services: readonly DescService[]): void {
  const files = new Set<DescFile>();
  for (const service of services) addWithDependencies(service.file, files);
  const set = create(FileDescriptorSetSchema, { file: [...files].map((file) => file.proto) });
  const definition = loadFileDescriptorSetFromBuffer(Buffer.from(toBinary(FileDescriptorSetSchema, set)));
  new ReflectionService({ ...definition, ...loadSync(healthProtoPath) }).addToServer(server);
}

/** Dependencies go first, as a file descriptor set wants them. */
function addWithDependencies(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return;
  for (const dependency of file.dependencies) addWithDependencies(dependency, files);
  files.add(file);
}
