/** Orders that are committed at once, some under way at any moment, until it is stopped or the server goes away. */
import { HoldfastClient, HoldfastError } from "../../../src/client/index.js";

export const WAREHOUSE = "north";
const LANES = 16;

export class CommitLoad {
  /** Reservation ids that were acknowledged. */
  readonly acknowledged = new Set<string>();
  readonly failures: unknown[] = [];
  readonly #client: HoldfastClient;
  readonly #lanes: Promise<void>[];
  #isStopped = false;

  /** `name` keeps the orders of one load apart from another's. */
  constructor(listen: string, name: string) {
    this.#client = new HoldfastClient(listen, { retry: { attemptsMax: 1 } });
    this.#lanes = Array.from({ length: LANES }, (_, lane) => this.#run(`${name}-${lane}`));
  }

  async #run(name: string): Promise<void> {
    for (let order = 0; !this.#isStopped; order++) {
      try {
        const { reservation } = await this.#client.reserve({
          dealerId: `dealer-${name}`,
          orderId: `${name}-${order}-${"x".repeat(100)}`,
          warehouseId: WAREHOUSE,
          lines: [{ sku: "sku-1", quantity: 1 }],
          commit: true,
        });
        this.acknowledged.add(reservation!.reservationId);
      } catch (cause) {
        if (!(cause instanceof HoldfastError) || cause.codeName !== "UNAVAILABLE") this.failures.push(cause);
        return;
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    this.#client.close();
  }
}

export async function stockUp(listen: string): Promise<void> {
  const client = new HoldfastClient(listen);
  const value = { warehouseId: WAREHOUSE, sku: "sku-1", quantity: 90_000_000 };
  const event = { source: "erp", sequence: 1, eventId: "e-1", body: { case: "stockReceived" as const, value } };
  for await (const answer of client.streamEvents([event])) if (answer.reason !== "") throw new Error(answer.reason);
  client.close();
}
