/** The simulated ERP and the whole service in one process: whatever the link does, short of losing, both end with the same figures. */
import { expect, test } from "vitest";
import { ErpSim } from "../../scripts/erp-sim/erp-sim.js";
import { parseOrder } from "../../scripts/erp-sim/orders.js";
import { ServiceHarness } from "../api/service-harness.js";
import { chosenSeed } from "../journal/seeded-random.js";

test("the service has the ERP's figures after lag, repeats, reordering, an outage and a restart of the service", async () => {
  const seed = chosenSeed() % 1_000_000;
  const service = await ServiceHarness.start();
  const options = {
    source: "erp",
    seed,
    warehouseIds: ["W1", "W2"],
    skus: ["A", "B", "C"],
    initialUnits: 40,
    dispatchMinMs: 0,
    dispatchMaxMs: 0,
    happenEveryMs: 0,
    heartbeatMs: 50,
    faults: { lagMs: 20, lose: 0, repeat: 0.2, reorder: 4 },
    log: () => {},
  };
  const sim = new ErpSim({ ...options, address: service.address });
  await sim.start();
  for (const line of ["happen 100", "count 10", "away", "happen 50", "back", "happen 50", "count 5"]) {
    await sim.obey(parseOrder(line));
  }
  const report = await sim.stop();
  expect(report, `seed ${seed}`).toMatchObject({ settled: true, events_rejected: 0, events_lost: 0, outages: 1 });
  expect(report.events_repeated, `seed ${seed}`).toBeGreaterThan(0);
  const compare = async (): Promise<void> => {
    for (const { warehouseId, sku, onHand, unavailable } of sim.truth.stocks()) {
      const figures = await service.figures(sku, warehouseId);
      const found = { onHand: Number(figures.onHand), unavailable: Number(figures.unavailable) };
      expect(found, `seed ${seed}, ${warehouseId} ${sku}`).toEqual({ onHand, unavailable });
    }
  };
  await compare();
  await service.restart();
  await compare();
  await service.stop();
});
