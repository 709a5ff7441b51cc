/** Concurrent callers on a few stocks, through gRPC on connections of their own: each stock's history has one explaining order (I7). */
import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import type { Client } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { callOnce } from "../../../src/client/unary-call.js";
import { AvailabilityService } from "../../../src/gen/holdfast/v1/availability_service_pb.js";
import { ReservationService } from "../../../src/gen/holdfast/v1/reservation_service_pb.js";
import { chosenSeed, SeededRandom } from "../../journal/seeded-random.js";
import { type Init, ServiceHarness } from "../service-harness.js";
import { type Effect, linearise, type Operation } from "./linear-history.js";

const SKUS = ["A", "B"];
const CALLERS = 8;
const STEPS = 60;
const AVAILABLE = 12;
const RECEIVED = 2;

class Recorder {
  readonly histories = new Map<string, Operation[]>(SKUS.map((sku) => [sku, []]));
  #tick = 0;

  async record(sku: string, operate: () => Promise<Effect>): Promise<Effect> {
    const calledAt = this.#tick++;
    const effect = await operate();
    this.histories.get(sku)!.push({ ...effect, calledAt, answeredAt: this.#tick++ });
    return effect;
  }
}

interface Held {
  readonly sku: string;
  readonly quantity: number;
  readonly reservationId: string;
}

interface CallerOptions {
  readonly client: Client;
  readonly random: SeededRandom;
  readonly recorder: Recorder;
  readonly name: string;
  readonly receive: (sku: string) => Promise<void>;
}

/** One caller: holds, gives back, looks, and now and then receives goods; its own operations one after the other. */
class Caller {
  readonly #held: Held[] = [];
  readonly #options: CallerOptions;
  #requests = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  async run(steps: number): Promise<void> {
    const { random, recorder } = this.#options;
    for (let step = 0; step < steps; step++) {
      const sku = random.pick(SKUS);
      const held = this.#held.at(-1);
      const roll = random.below(100);
      if (roll < 40) await recorder.record(sku, () => this.#reserve(sku, 1 + random.below(6)));
      else if (roll < 70 && held !== undefined) await recorder.record(held.sku, () => this.#release());
      else if (roll < 73) await recorder.record(sku, () => this.#receive(sku));
      else await recorder.record(sku, () => this.#look(sku));
    }
  }

  #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: Init<I>,
  ): Promise<MessageShape<O>> {
    const limits = { remainingMs: 20_000, signal: undefined };
    return callOnce(this.#options.client, method, create(method.input, request), limits);
  }

  async #reserve(sku: string, quantity: number): Promise<Effect> {
    const { reservation, shortages } = await this.#call(ReservationService.method.reserve, {
      requestId: `${this.#options.name}-${this.#requests++}`,
      dealerId: this.#options.name,
      orderId: "O1",
      warehouseId: "W1",
      lines: [{ sku, quantity: BigInt(quantity) }],
    });
    if (reservation === undefined) return { kind: "rejected", quantity, available: Number(shortages[0]!.available) };
    this.#held.push({ sku, quantity, reservationId: reservation.reservationId });
    return { kind: "reserved", quantity };
  }

  async #release(): Promise<Effect> {
    const { quantity, reservationId } = this.#held.pop()!;
    await this.#call(ReservationService.method.release, {
      requestId: `${this.#options.name}-${this.#requests++}`,
      dealerId: this.#options.name,
      reservationId,
    });
    return { kind: "released", quantity };
  }

  async #receive(sku: string): Promise<Effect> {
    await this.#options.receive(sku);
    return { kind: "received", quantity: RECEIVED };
  }

  async #look(sku: string): Promise<Effect> {
    const { availability } = await this.#call(AvailabilityService.method.getAvailability, {
      warehouseId: "W1",
      skus: [sku],
    });
    return { kind: "read", available: Number(availability[0]!.availableToPromise) };
  }
}

test("each stock's answers are explained by one order of the operations on it", { timeout: 60_000 }, async () => {
  const seed = chosenSeed();
  const service = await ServiceHarness.start();
  const recorder = new Recorder();
  const clients = Array.from({ length: CALLERS }, () => service.connect());
  try {
    for (const sku of SKUS) await service.receive(sku, AVAILABLE);
    // The ERP's events go out one after the other: one ahead of a gap would take effect after its answer.
    let received: Promise<unknown> = Promise.resolve();
    const receive = async (sku: string) => {
      received = received.then(() => service.receive(sku, RECEIVED));
      await received;
    };
    const callers = clients.map(
      (client, index) =>
        new Caller({ receive, client, random: new SeededRandom(seed + index), recorder, name: `D${index}` }),
    );
    await Promise.all(callers.map((caller) => caller.run(STEPS)));
  } finally {
    for (const client of clients) client.close();
    await service.stop();
  }
  const kinds = new Set<string>();
  for (const [sku, history] of recorder.histories) {
    const overlaps = history.filter(({ calledAt, answeredAt }) => answeredAt - calledAt > 1).length;
    expect(overlaps).toBeGreaterThan(history.length / 2);
    for (const { kind } of history) kinds.add(kind);
    expect(linearise(history, AVAILABLE), `${sku} with HOLDFAST_TEST_SEED=${seed}`).toBeDefined();
  }
  expect([...kinds].sort()).toEqual(["read", "received", "rejected", "released", "reserved"]);
});
