/** Before the first order: every customer becomes a dealer, every stock gets its units. */
import type { ErpFeed, EventBody } from "./erp-feed.js";
import { patiently } from "./patience.js";
import type { ReplayRun } from "./replay-run.js";
import type { InitialStock } from "./replay-world.js";
import { forEachAtMost } from "./work-window.js";

/** Registers the dealers and books the stocks in; the record gets what was acknowledged. */
export async function openForBusiness(run: ReplayRun, feed: ErpFeed): Promise<void> {
  const { client, world, ledger, inFlightMax } = run;
  await feed.send(world.stocks.map(bookIn), (index) => {
    const { warehouseId, sku, units } = world.stocks[index] as InitialStock;
    ledger.apply({ kind: "stocked", warehouseId, sku, units });
  });
  await forEachAtMost(inFlightMax, world.dealers, async ([customerId, dealer]) => {
    const name = `Customer ${customerId}`;
    await patiently(() => client.putDealer({ dealer: { ...dealer, name }, actor: "replay", reason: world.runId }));
  });
}

/** Nothing can be received as 0 units: an empty stock becomes known by a count. */
function bookIn({ warehouseId, sku, units }: InitialStock): EventBody {
  if (units === 0) return { case: "stockCounted", value: { warehouseId, sku, onHand: 0 } };
  return { case: "stockReceived", value: { warehouseId, sku, quantity: units, reference: "opening stock" } };
}
