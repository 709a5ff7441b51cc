/** Health checking (grpc.health.v1) of the whole server, named "", and of each service. */
import type { DescService } from "@bufbuild/protobuf";
import type { ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { HealthImplementation, type service as healthService, type ServingStatus } from "grpc-health-check";
import type { GuestServices } from "./guest-services.js";

type Watch = (call: ServerWritableStream<{ readonly service: string }, { readonly status: string }>) => void;

export class Health {
  readonly #names: readonly string[];
  readonly #implementation: HealthImplementation;

  /** Not serving until told. */
  constructor(services: readonly DescService[]) {
    this.#names = ["", ...services.map((service) => service.typeName)];
    this.#implementation = new HealthImplementation();
    this.set("NOT_SERVING");
  }

  set(status: ServingStatus): void {
    for (const name of this.#names) this.#implementation.setStatus(name, status);
  }

  addTo(server: GuestServices): void {
    // Typed by the package as a whole server, of which it uses this one method.
    this.#implementation.addToServer({
      addService: (definition: typeof healthService, handlers: UntypedServiceImplementation) =>
        server.addService(definition, { ...handlers, watch: this.#knownOnly(handlers.watch as Watch) }),
    } as Parameters<HealthImplementation["addToServer"]>[0]);
  }

  /** The package keeps every name that was ever watched; a name that is not ours can never change, so it need not. */
  #knownOnly(watch: Watch): Watch {
    return (call) => {
      if (this.#names.includes(call.request.service)) watch(call);
      else call.write({ status: "SERVICE_UNKNOWN" });
    };
  }
}
