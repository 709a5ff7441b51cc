/** What docs/portals.md says of availability: its code is taken from the page, type checked, and run. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Availability, HoldfastClient } from "../../src/client/index.js";
import { ServiceHarness } from "../api/service-harness.js";
import { PageExample } from "./page-example.js";

interface Example {
  followAvailability(
    page: { show(stocks: ReadonlyMap<string, Availability>, isCurrent: boolean): void },
    options: { readonly dealerId: string; readonly address: string; readonly signal: AbortSignal },
  ): Promise<void>;
}

let example: PageExample<Example>;
beforeAll(async () => {
  example = await PageExample.load<Example>("portals.md", "followAvailability");
});
afterAll(() => example.remove());

test("the example has the types that it says", () => example.checkTypes());

test("a page shows what can be promised, and each change of it", async () => {
  const service = await ServiceHarness.start();
  await service.receive("A", 100);
  const client = new HoldfastClient(service.address);
  await client.putDealer({ dealer: { dealerId: "D1", warehouseId: "W1" } });
  const stop = new AbortController();
  const shown: string[] = [];
  const show = (stocks: ReadonlyMap<string, Availability>, isCurrent: boolean) => {
    shown.push(`${stocks.get("A")?.availableToPromise} ${isCurrent}`);
    if (shown.length === 1) void service.hold("A", 3, { dealerId: "D1", orderId: "O1" });
    else stop.abort();
  };
  await example.exports.followAvailability({ show }, { dealerId: "D1", address: service.address, signal: stop.signal });
  expect(shown).toEqual(["100 true", "97 true"]);
  client.close();
  await service.stop();
});
