/** An ERP in memory with a feed of changes, stocks that follow from it, and orders that it was given. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { OrderEvent } from "../../src/client/index.js";
import type {
  Changes,
  ErpAdapter,
  ErpChange,
  ErpPosition,
  PositionsQuery,
  ReadLimits,
} from "../../src/connector/erp-adapter.js";
import { ErpUnavailable } from "../../src/connector/erp-guard.js";

export class FakeErp implements ErpAdapter {
  readonly #changes: ErpChange[] = [];
  readonly #onHand = new Map<string, number>();
  readonly orders: OrderEvent[] = [];
  readonly settledUpTo: string[] = [];
  isAway = false;
  pageSize = 2;
  questions = 0;
  healthQuestions = 0;
  /** Called while a page of positions is on its way. */
  whilePageTravels: (page: readonly ErpPosition[]) => void = () => {};
  beforeDelivery: (event: OrderEvent) => void = () => {};
  /** Called with every call of `settled`. */
  onSettled: () => void = () => {};

  receive(sku: string, quantity: number): void {
    this.#changes.push({
      eventId: `move-${this.#changes.length + 1}`,
      occurTime: timestampFromMs(1_700_000_000_000 + this.#changes.length),
      body: { case: "stockReceived", value: receivedBody(sku, quantity) },
    });
    this.#onHand.set(sku, (this.#onHand.get(sku) ?? 0) + quantity);
  }

  get eventIds(): string[] {
    return this.#changes.map(({ eventId }) => eventId);
  }

  async changes(cursor: string | undefined, { eventsMax }: ReadLimits): Promise<Changes> {
    this.#answer();
    const first = Number(cursor ?? 0);
    const events = this.#changes.slice(first, first + eventsMax);
    const last = first + events.length;
    return { events, cursor: last === 0 ? undefined : String(last), hasMore: last < this.#changes.length };
  }

  async presentCursor(): Promise<string | undefined> {
    this.#answer();
    return String(this.#changes.length);
  }

  async *positions({ stocks }: PositionsQuery): AsyncGenerator<readonly ErpPosition[]> {
    const skus = stocks?.map(({ sku }) => sku) ?? [...this.#onHand.keys()];
    for (let first = 0; first < skus.length; first += this.pageSize) {
      this.#answer();
      const page = skus.slice(first, first + this.pageSize).map((sku) => ({
        warehouseId: "w1",
        sku,
        onHand: BigInt(this.#onHand.get(sku) ?? 0),
        unavailable: 0n,
      }));
      this.whilePageTravels(page);
      yield page;
    }
  }

  async health(): Promise<void> {
    this.healthQuestions += 1;
    this.#answer();
  }

  async deliverOrder(event: OrderEvent): Promise<void> {
    if (this.isAway) throw new ErpUnavailable("away");
    this.beforeDelivery(event);
    this.orders.push(event);
  }

  async settled(cursor: string): Promise<void> {
    this.onSettled();
    this.settledUpTo.push(cursor);
  }

  #answer(): void {
    this.questions += 1;
    if (this.isAway) throw new ErpUnavailable("away");
  }
}

function receivedBody(sku: string, quantity: number) {
  return {
    $typeName: "holdfast.v1.StockReceived" as const,
    warehouseId: "w1",
    sku,
    quantity: BigInt(quantity),
    reference: "",
  };
}
