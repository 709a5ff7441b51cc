import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type OrderRow, readOrderRows } from "../../../src/cli/replay/order-rows.js";
import { planReplay } from "../../../src/cli/replay/replay-plan.js";

function row(overrides: Partial<OrderRow>): OrderRow {
  return { orderId: "1", placedAt: "2010-12-01T08:00:00Z", customerId: "c1", sku: "22633", quantity: 6, ...overrides };
}

async function fileOf(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "holdfast-orders-")), "orders.csv");
  await writeFile(file, text);
  return file;
}

describe("reading the order file", () => {
  test("finds its columns by name, in any order, and keeps dirty quantities visible", async () => {
    const file = await fileOf(
      '\ufeffcountry,sku,quantity,order_id,customer_id,placed_at\n"France, north",POST,1,5,c9,2010-12-01T08:00:00Z\n,"A ""b""",1.5,6,,2010-12-02T08:00:00Z\n',
    );
    expect(await readOrderRows(file)).toEqual([
      { orderId: "5", placedAt: "2010-12-01T08:00:00Z", customerId: "c9", sku: "POST", quantity: 1 },
      { orderId: "6", placedAt: "2010-12-02T08:00:00Z", customerId: "", sku: 'A "b"', quantity: Number.NaN },
    ]);
  });

  test("names the columns that are missing", async () => {
    await expect(readOrderRows(await fileOf("order_id,sku\n1,2\n"))).rejects.toThrow(
      "placed_at, customer_id, quantity",
    );
  });

  test("says so when there is no such file", async () => {
    await expect(readOrderRows("/nowhere/orders.csv")).rejects.toThrow("/nowhere/orders.csv");
  });
});

describe("planning a replay", () => {
  test("gathers the lines of an order, duplicates kept, and plays by time and day", () => {
    const plan = planReplay([
      row({ orderId: "2", placedAt: "2010-12-02T08:00:00Z", customerId: "c2" }),
      row({ orderId: "1", quantity: 6 }),
      row({ orderId: "1", quantity: 4 }),
      row({ orderId: "C3", placedAt: "2010-12-02T07:00:00Z", quantity: -2 }),
    ]);
    expect(plan.customers).toEqual(["c1", "c2"]);
    expect(plan.days).toEqual([
      [
        {
          kind: "order",
          orderId: "1",
          customerId: "c1",
          lines: [
            { sku: "22633", quantity: 6 },
            { sku: "22633", quantity: 4 },
          ],
        },
      ],
      [
        { kind: "cancellation", orderId: "C3", customerId: "c1", lines: [{ sku: "22633", quantity: 2 }] },
        { kind: "order", orderId: "2", customerId: "c2", lines: [{ sku: "22633", quantity: 6 }] },
      ],
    ]);
    expect(plan.skipped.size).toBe(0);
  });

  test.each([
    [row({ orderId: "" }), "no order number"],
    [row({ sku: "POST" }), "no goods"],
    [row({ sku: "m" }), "no goods"],
    [row({ sku: "BANK CHARGES" }), "no goods"],
    [row({ sku: "gift_0001_20" }), "no goods"],
    [row({ sku: "" }), "no goods"],
    [row({ quantity: Number.NaN }), "no whole quantity"],
    [row({ quantity: 0 }), "no whole quantity"],
    [row({ quantity: -3 }), "negative quantity outside a cancellation"],
    [row({ quantity: -3, customerId: "" }), "negative quantity outside a cancellation"],
    [row({ orderId: "C1", quantity: 3 }), "positive quantity in a cancellation"],
    [row({ customerId: "" }), "no customer"],
  ])("skips %j as %s", (dirty, reason) => {
    const plan = planReplay([dirty, row({ orderId: "9" })]);
    expect(plan.skipped).toEqual(new Map([[reason, 1]]));
    expect(plan.days.flat().map(({ orderId }) => orderId)).toEqual(["9"]);
  });

  test("takes any code that is no service code for goods", () => {
    const skus = ["85123A", "DCGS0058", "85123a", "MUG", "C21", "POSTER"];
    const plan = planReplay(skus.map((sku) => row({ sku })));
    expect(plan.days.flat().flatMap(({ lines }) => lines.map(({ sku }) => sku))).toEqual(skus);
  });

  test("skips a whole order of more than 1,000 lines, and plays one of 1,000", () => {
    const lines = (orderId: string, count: number) => Array.from({ length: count }, () => row({ orderId }));
    const plan = planReplay([...lines("1", 1_001), ...lines("2", 1_000)]);
    expect(plan.skipped).toEqual(new Map([["order of more than 1,000 lines", 1_001]]));
    expect(plan.days.flat().map(({ orderId, lines: { length } }) => [orderId, length])).toEqual([["2", 1_000]]);
  });
});
