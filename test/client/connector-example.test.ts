/** The code of docs/connectors.md is taken from the page, type checked, and run. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  HoldfastClient,
  type MissingRange,
  type OrderEvent,
  OrderEventType,
  type PositionInput,
  type PushInput,
} from "../../src/client/index.js";
import { ServiceHarness } from "../api/service-harness.js";
import { ScriptedService } from "../erp-sim/scripted-service.js";
import { PageExample } from "./page-example.js";
import { startScriptedServer } from "./scripted-server.js";

interface Connector {
  connectErp(erp: object, address: string, signal: AbortSignal): Promise<void>;
}

interface Taker {
  takeOrders(shop: object, address: string, signal: AbortSignal): Promise<void>;
}

let connector: PageExample<Connector>;
let taker: PageExample<Taker>;

beforeAll(async () => {
  connector = await PageExample.load<Connector>("connectors.md", "connectErp");
  taker = await PageExample.load<Taker>("connectors.md", "takeOrders");
});

afterAll(() => Promise.all([connector.remove(), taker.remove()]));

test("the examples have the types that they say", async () => {
  await connector.checkTypes();
  await taker.checkTypes();
});

test("the connector is thirty lines of code, its interface apart", () => {
  const { code } = connector;
  const body = code.slice(code.indexOf("export async function"));
  expect(body.trimEnd().split("\n").length).toBeLessThanOrEqual(30);
});

/** An ERP whose outbox is a list. */
class ListErp {
  readonly #rows: PushInput[] = [];
  #wake: (() => void) | undefined;

  book(sku: string, quantity: number): void {
    const sequence = this.#rows.length + 1;
    const body = { case: "stockReceived", value: { warehouseId: "W1", sku, quantity } } as const;
    this.#rows.push({ sequence, eventId: `row-${sequence}`, body });
    this.#wake?.();
  }

  async *outboxFrom(first: bigint, signal: AbortSignal): AsyncGenerator<PushInput> {
    signal.addEventListener("abort", () => this.#wake?.());
    for (let index = Number(first) - 1; !signal.aborted; ) {
      const row = this.#rows[index];
      if (row !== undefined) {
        index += 1;
        yield row;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async outboxRows({ first, last }: MissingRange): Promise<PushInput[]> {
    return this.#rows.slice(Number(first) - 1, Number(last));
  }

  async *figures(): AsyncGenerator<PositionInput[]> {
    yield [];
  }
}

describe("the connector of the page", () => {
  test("brings every row in once, through an end of itself in the middle", async () => {
    const service = await ServiceHarness.start();
    const erp = new ListErp();
    for (let row = 1; row <= 50; row++) erp.book("A", row);
    for (let life = 1; life <= 3; life++) {
      const stop = new AbortController();
      const running = connector.exports.connectErp(erp, service.address, stop.signal);
      erp.book("A", 1_000);
      const client = new HoldfastClient(service.address);
      while ((await client.nextSequence("erp-north")) <= 50 + life)
        await new Promise((resolve) => setTimeout(resolve, 5));
      client.close();
      stop.abort();
      await running;
    }
    expect((await service.figures("A")).onHand).toBe(1_275n + 3_000n);
    await service.stop();
  });

  test("gives the service again what it lost, and asks nothing of what it has", async () => {
    const service = new ScriptedService();
    const server = await startScriptedServer(service.all);
    const erp = new ListErp();
    for (let row = 1; row <= 20; row++) erp.book("A", row);
    service.appliedSequence = 15n;
    const stop = new AbortController();
    const running = connector.exports.connectErp(erp, server.address, stop.signal);
    while (service.appliedSequence < 20n) await new Promise((resolve) => setTimeout(resolve, 5));
    // As after a restore: what this life of the connector never sent is missing too.
    service.restore(10n);
    service.applied.length = 0;
    erp.book("A", 21);
    while (service.appliedSequence < 21n) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(service.applied.map(({ sequence }) => Number(sequence))).toEqual([
      11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    ]);
    stop.abort();
    await running;
    server.stop();
  });
});

test("the taker of orders ships what is committed, and keeps its cursor behind it", async () => {
  const service = new ScriptedService();
  const server = await startScriptedServer(service.all);
  const stop = new AbortController();
  const done: string[] = [];
  const shop = {
    cursor: "c0",
    ship: async ({ reservationId, type }: OrderEvent) => void done.push(`${OrderEventType[type]} ${reservationId}`),
    keep: async (cursor: string) => {
      done.push(cursor);
      if (cursor === "c2") stop.abort();
    },
  };
  const running = taker.exports.takeOrders(shop, server.address, stop.signal);
  while (!service.isWatched) await new Promise((resolve) => setTimeout(resolve, 5));
  service.commit("r1", "A", 1);
  service.commit("r2", "A", 1);
  await running;
  expect(done).toEqual(["COMMITTED r1", "c1", "COMMITTED r2", "c2"]);
  expect(service.cursors).toEqual(["c0"]);
  server.stop();
});
