/** The simulated ERP against a scripted service: what it sends, hears and answers, and what its faults come to. */
import { afterEach, describe, expect, test } from "vitest";
import { ErpSim, type ErpSimOptions } from "../../scripts/erp-sim/erp-sim.js";
import { NO_FAULTS } from "../../scripts/erp-sim/faulty-link.js";
import { parseOrder } from "../../scripts/erp-sim/orders.js";
import { startScriptedServer } from "../client/scripted-server.js";
import { ScriptedService } from "./scripted-service.js";

const SIZE = { source: "erp", seed: 5, warehouseIds: ["north", "south"], skus: ["A", "B"], initialUnits: 50 };

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function simulate(
  more: Partial<ErpSimOptions> = {},
): Promise<{ sim: ErpSim; service: ScriptedService; lines: string[] }> {
  const service = new ScriptedService();
  const server = await startScriptedServer(service.all);
  const lines: string[] = [];
  const sim = new ErpSim({
    ...SIZE,
    address: server.address,
    dispatchMinMs: 0,
    dispatchMaxMs: 0,
    happenEveryMs: 0,
    heartbeatMs: 20,
    faults: NO_FAULTS,
    log: (line) => lines.push(line),
    ...more,
  });
  stops.push(
    () => sim.stop(),
    () => server.stop(),
  );
  return { sim, service, lines };
}

/** The simulation has ticks of its own; whoever waits looks again in the next round of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function truthOf(sim: ErpSim): Record<string, number> {
  return Object.fromEntries(
    sim.truth.stocks().map(({ warehouseId, sku, onHand }) => [`${warehouseId}/${sku}`, onHand]),
  );
}

describe("the simulated ERP", () => {
  test("opens with goods, and ships what is committed", async () => {
    const { sim, service } = await simulate();
    await sim.start();
    await until(() => service.isWatched && sim.counts().settled);
    expect(service.figures()).toEqual(truthOf(sim));
    service.commit("r1", "A", 3);
    service.commit("r2", "B", 2);
    await until(() => sim.counts().dispatched_orders === 2 && sim.counts().settled);
    expect(service.applied.slice(4).map(({ body }) => body)).toMatchObject([
      { case: "orderDispatched", value: { warehouseId: "north", sku: "A", quantity: 3n, reservationId: "r1" } },
      { case: "orderDispatched", value: { warehouseId: "north", sku: "B", quantity: 2n, reservationId: "r2" } },
    ]);
    const report = await sim.stop();
    expect(report).toMatchObject({ last_sequence: 6, events_sent: 6, events_acknowledged: 6, dispatched_units: 5 });
    expect(report.warehouses.north?.skus.A).toBe(service.figures()["north/A"]);
    expect(report.warehouses.north?.on_hand).toBe(service.figures()["north/A"]! + service.figures()["north/B"]!);
  });

  test("works on while it is away, and sends what it booked when it is back, listening on from its cursor", async () => {
    const { sim, service } = await simulate();
    await sim.start();
    await until(() => service.isWatched && sim.counts().settled);
    service.commit("r1", "A", 1);
    await until(() => sim.counts().dispatched_orders === 1 && sim.counts().settled);
    await sim.obey(parseOrder("away"));
    const before = service.arrived.length;
    await sim.obey(parseOrder("happen 20"));
    await until(() => !service.isWatched);
    expect(service.arrived.length).toBe(before);
    await sim.obey(parseOrder("back"));
    await until(() => service.isWatched && sim.counts().settled);
    expect(service.cursors.at(-1)).toBe("c1");
    expect(service.figures()).toEqual(truthOf(sim));
    expect(sim.counts()).toMatchObject({ outages: 1, plugged_in: true });
  });

  test("loses its share for good: the service misses exactly that, and the positions tell the truth", async () => {
    const { sim, service } = await simulate();
    await sim.start();
    await until(() => sim.counts().settled);
    await sim.obey(parseOrder("lose 100%"));
    await sim.obey(parseOrder("happen"));
    await until(() => service.arrived.includes("0/5"));
    await sim.obey(parseOrder("lose 0"));
    await sim.obey(parseOrder("happen 3"));
    await until(() => service.buffered.size === 3 && sim.counts().settled);
    expect([...service.buffered.keys()]).toEqual([6n, 7n, 8n]);
    expect(sim.counts()).toMatchObject({ events_lost: 1, events_sent: 7, last_sequence: 8 });
    service.say({ positionsRequest: { runId: "run-1", full: true, warehouseId: "" } });
    await until(() => sim.counts().position_runs === 1);
    expect(sim.counts().drift_found).toBe(1);
    const [{ positions, ...run }] = service.reports as [(typeof service.reports)[number]];
    expect(run).toEqual({ runId: "run-1", full: true });
    const told = positions.map(({ warehouseId, sku, onHand }) => [`${warehouseId}/${sku}`, Number(onHand)]);
    expect(Object.fromEntries(told)).toEqual(truthOf(sim));
    expect(positions.map(({ asOfSequence }) => asOfSequence)).toEqual([8n, 8n, 8n, 8n]);
  });

  test("ends equal through lag, repeats and reordering, and counts them", async () => {
    const { sim, service } = await simulate({ faults: { lagMs: 30, lose: 0, repeat: 0.3, reorder: 4 } });
    await sim.start();
    await sim.obey(parseOrder("happen 60"));
    await sim.obey(parseOrder("count 5"));
    const report = await sim.stop();
    expect(service.figures()).toEqual(truthOf(sim));
    expect(service.applied).toHaveLength(report.last_sequence);
    expect(report.settled).toBe(true);
    expect(report.events_repeated).toBeGreaterThan(5);
    expect(service.arrived.filter((arrival) => !arrival.startsWith("0/"))).toHaveLength(
      report.last_sequence + report.events_repeated,
    );
  });

  test("reorders: events come before those that they follow, and take effect in sequence", async () => {
    const { sim, service } = await simulate({ faults: { ...NO_FAULTS, reorder: 4 } });
    await sim.start();
    await sim.obey(parseOrder("happen 80"));
    await until(() => sim.counts().settled);
    const sequences = service.arrived.filter((arrival) => !arrival.startsWith("0/")).map(Number);
    expect(sequences).not.toEqual([...sequences].sort((one, other) => one - other));
    expect(service.figures()).toEqual(truthOf(sim));
    expect(sim.counts().events_reordered).toBeGreaterThan(20);
  });

  test("refuses to begin anew where the service has its events already", async () => {
    const { sim, service } = await simulate();
    service.appliedSequence = 12n;
    await expect(sim.start()).rejects.toThrow("12 events of source erp");
  });

  test("stops while it still waits for a service, and opens no books any more", async () => {
    const server = await startScriptedServer({});
    server.stop();
    const { sim } = await simulate({ address: server.address });
    const starting = sim.start();
    await sim.stop();
    await starting;
    expect(sim.counts()).toMatchObject({ last_sequence: 0, plugged_in: false });
  });

  test("changes figures without a word when told to drift", async () => {
    const { sim, service } = await simulate();
    await sim.start();
    await until(() => sim.counts().settled);
    await sim.obey(parseOrder("drift 2"));
    const differing = Object.entries(truthOf(sim)).filter(([key, onHand]) => service.figures()[key] !== onHand);
    expect(differing).toHaveLength(2);
    expect(sim.counts()).toMatchObject({ drift_injected: 2, last_sequence: 4 });
  });
});
