/** Replays orders against the real server process, as `npm run replay -- --embedded` does. Needs `npm run build`. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EmbeddedServer, startEmbeddedServer } from "../../src/cli/replay/embedded-server.js";
import type { OrderRow } from "../../src/cli/replay/order-rows.js";
import { type ReplayResult, type ReplaySettings, replay } from "../../src/cli/replay/replay.js";
import { planReplay } from "../../src/cli/replay/replay-plan.js";
import { isClean, resultAsJson } from "../../src/cli/replay/replay-report.js";
import { HoldfastClient } from "../../src/client/index.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ORDERS = fileURLToPath(new URL("../../../shared/data/wholesale-orders.csv", import.meta.url));
const ORDERS_MISSING = !existsSync(ORDERS);

if (ORDERS_MISSING) {
  process.stderr.write("SKIPPED: the replay of real orders; ../shared/data/wholesale-orders.csv is not there\n");
}

describe.skipIf(ORDERS_MISSING)("the first week of real orders (SKIPPED where ../shared/data is not there)", () => {
  test("plays to the end with zero oversold units and zero unexplained differences", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[PROGRAM, "replay", "--orders", ORDERS, "--embedded", "--json"],
    ]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      orders: 530,
      lines: 10_138,
      oversold_units: 0,
      unexplained_differences: 0,
      differences: [],
    });
    expect(result.refused).toEqual({});
    expect(result.reserved + result.partly + result.rejected).toBe(result.orders);
    for (const figure of ["reserved", "partly", "rejected", "committed", "released", "expired", "fulfilled"]) {
      expect(result[figure], figure).toBeGreaterThan(0);
    }
    expect(Object.keys(result.skipped).sort()).toEqual(
      ["negative quantity outside a cancellation", "no customer", "no goods", "no matching order"].sort(),
    );
    expect(result.stocks_compared).toBeGreaterThan(3_000);
    expect(result.reservations_compared).toBe(result.reserved + result.partly);
  });
});

describe("a replay of made-up orders", () => {
  let server: EmbeddedServer;
  beforeAll(async () => {
    server = await startEmbeddedServer(PROGRAM);
  });
  afterAll(async () => {
    await server.stop();
  });

  const SETTINGS: Omit<ReplaySettings, "runId"> = {
    seed: "7",
    stockShare: 0.7,
    shares: { partial: 0.5, commit: 0.6, expire: 0.5, dispatch: 0.7 },
    inFlightMax: 8,
  };

  async function replayed(client: HoldfastClient, runId: string): Promise<ReplayResult> {
    try {
      return await replay(client, planReplay(madeUpRows()), { ...SETTINGS, runId }, () => {});
    } finally {
      client.close();
    }
  }

  test("is clean, and comes to the same again on a server that holds another replay", async () => {
    const first = await replayed(new HoldfastClient(server.address), "first");
    const second = await replayed(new HoldfastClient(server.address), "second");
    expect(first.unexplained).toEqual([]);
    expect(first.oversoldUnits).toBe(0);
    expect(countsOf(second)).toEqual(countsOf(first));
    const { tally, expired, fulfilled } = first;
    const seen = [tally.reserved, tally.partly, tally.rejected, tally.committed, tally.released, expired, fulfilled];
    for (const count of seen) expect(count).toBeGreaterThan(0);
  });

  test("finds a single unit that the server counts wrong", async () => {
    class LyingClient extends HoldfastClient {
      override async getAvailability(...call: Parameters<HoldfastClient["getAvailability"]>) {
        const response = await super.getAvailability(...call);
        const stock = response.availability.find(({ warehouseId }) => warehouseId === "lied-warehouse-1");
        if (stock !== undefined) stock.committed += 1n;
        return response;
      }
    }
    const result = await replayed(new LyingClient(server.address), "lied");
    expect(isClean(result)).toBe(false);
    expect(result.unexplained.map(({ field }) => field)).toEqual(["committed"]);
  });

  test("finds a reservation that was promised and is gone", async () => {
    class ForgetfulClient extends HoldfastClient {
      override async listReservations(...call: Parameters<HoldfastClient["listReservations"]>) {
        const response = await super.listReservations(...call);
        if (call[0].dealerId?.endsWith("dealer-c1")) response.reservations.pop();
        return response;
      }
    }
    const result = await replayed(new ForgetfulClient(server.address), "forgot");
    expect(result.unexplained).toMatchObject([{ field: "entries", expected: "one", found: "none" }]);
  });
});

/** Three days, twelve customers, few SKUs: much contention. The numbers follow from a fixed recurrence. */
function madeUpRows(): OrderRow[] {
  const rows: OrderRow[] = [];
  let state = 12_345;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  for (let order = 1; order <= 150; order++) {
    const cancellation = order % 10 === 0;
    const head = {
      orderId: `${cancellation ? "C" : ""}${order}`,
      placedAt: `2024-03-0${1 + Math.floor(order / 51)}T08:00:00Z`,
      customerId: `c${1 + next(12)}`,
    };
    const lines = 1 + next(4);
    for (let line = 0; line < lines; line++) {
      const quantity = 1 + next(9);
      rows.push({ ...head, sku: `sku-${next(8)}`, quantity: cancellation ? -quantity : quantity });
    }
  }
  return rows;
}

/** All but the times. */
function countsOf(result: ReplayResult): object {
  const { p50_ms: _, p99_ms: __, lines_per_s: ___, ...counts } = JSON.parse(resultAsJson(result));
  return counts;
}
