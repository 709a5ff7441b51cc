import { expect, test } from "vitest";
import { skuName } from "../../../scripts/bench/load/reserve-message.js";
import { auditGrants } from "../../../scripts/bench/peers/race/audit.js";
import { GrantCount } from "../../../scripts/bench/peers/race/scarce-loads.js";
import { PLENTIFUL_SKUS } from "../../../scripts/bench/peers/race/workloads.js";

const PLENTIFUL = skuName(0);
const SCARCE = skuName(PLENTIFUL_SKUS);

/** Seven units of the plentiful SKU and all ten of the scarce one, told and kept alike, changed as told. */
function raced(changes: { told?: number; kept?: number; counted?: number; plentiful?: number; rejected?: number }) {
  const { told = 10, kept = 10, counted = kept, plentiful = 7, rejected = 5 } = changes;
  const scarce = new GrantCount();
  scarce.unitsOfSku.set(SCARCE, told);
  scarce.rejected = rejected;
  return auditGrants({ plentifulUnits: plentiful, scarce }, [
    { sku: PLENTIFUL, onHand: 1_000, reserved: 4, committed: 3, unitsOfReservations: undefined },
    { sku: SCARCE, onHand: 10, reserved: kept, committed: 0, unitsOfReservations: counted },
  ]);
}

test("counts that agree give no finding, and both sums", () => {
  expect(raced({})).toEqual({ unitsByAnswers: 17, unitsByStore: 17, oversoldUnits: 0, findings: [] });
});

test("a grant too many is found, whether the answers, the stock or the reservations show it", () => {
  expect(raced({ told: 11 })).toMatchObject({ oversoldUnits: 1 });
  expect(raced({ kept: 12 })).toMatchObject({ oversoldUnits: 2 });
  expect(raced({ counted: 13 })).toMatchObject({ oversoldUnits: 3 });
  expect(raced({ told: 11, kept: 11 }).findings).toEqual([`${SCARCE}: 11 units granted of 10`]);
});

test("a grant that the store forgot is found", () => {
  expect(raced({ kept: 9 }).findings).toEqual([`${SCARCE}: callers were granted 10 units, the store has 9`]);
  expect(raced({ plentiful: 8 }).findings).toEqual(["callers were granted 8 plentiful units, the store has 7"]);
});

test("an audit in which nothing was short proves nothing, and says so", () => {
  expect(raced({ rejected: 0 }).findings).toEqual(["nothing was ever short, so nothing was proven"]);
});
