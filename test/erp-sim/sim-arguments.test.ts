import { expect, test } from "vitest";
import { NO_FAULTS } from "../../scripts/erp-sim/faulty-link.js";
import { parseSimArguments, USAGE } from "../../scripts/erp-sim/sim-arguments.js";

const FLAGS =
  "--server 127.0.0.1:9 --source s --warehouses north,south --skus 2 --units 9 --seed 4 --dispatch-after 1s-3s";
const FAULT_FLAGS =
  "--happen-every 0 --heartbeat 500ms --lag 5s --lose 2% --repeat 0.01 --reorder 3 --run-for 2m --json";

test("without flags there are three warehouses, 50 SKUs and no faults", () => {
  const { sim, json, runForMs } = parseSimArguments([]);
  expect(sim.warehouseIds).toEqual(["wh-1", "wh-2", "wh-3"]);
  expect([sim.skus.length, sim.skus[0], sim.skus.at(-1)]).toEqual([50, "SKU-001", "SKU-050"]);
  expect(sim).toMatchObject({ address: "127.0.0.1:7420", source: "erp-sim", seed: 1, faults: NO_FAULTS });
  expect([json, runForMs]).toEqual([false, 0]);
});

test("every flag is taken", () => {
  expect(parseSimArguments(`${FLAGS} ${FAULT_FLAGS}`.split(" "))).toEqual({
    json: true,
    help: false,
    runForMs: 120_000,
    sim: {
      address: "127.0.0.1:9",
      source: "s",
      warehouseIds: ["north", "south"],
      skus: ["SKU-001", "SKU-002"],
      initialUnits: 9,
      seed: 4,
      dispatchMinMs: 1_000,
      dispatchMaxMs: 3_000,
      happenEveryMs: 0,
      heartbeatMs: 500,
      faults: { lagMs: 5_000, lose: 0.02, repeat: 0.01, reorder: 3 },
    },
  });
  expect(parseSimArguments(["--dispatch-after", "3s"]).sim).toMatchObject({
    dispatchMinMs: 3_000,
    dispatchMaxMs: 3_000,
  });
});

test.each(["--warehouses a,a", "--warehouses 0", "--skus 0", "--units -1", "--lose 200%", "--lag soon", "--bogus 1"])(
  "%s is refused",
  (flags) => {
    expect(() => parseSimArguments(flags.split(" "))).toThrow();
  },
);

test("the help names every flag", () => {
  for (const flag of `${FLAGS} ${FAULT_FLAGS}`.match(/--[a-z-]+/g) ?? []) expect(USAGE).toContain(flag);
});
