/** After the race: whether anyone granted more than there was, by what callers were told and by what the store says. */
import { skuName } from "../../load/reserve-message.js";
import type { StockFigures } from "../stores/peer-store.js";
import type { GrantCount } from "./scarce-loads.js";
import { PLENTIFUL_SKUS } from "./workloads.js";

/** What the callers of one contestant were granted. */
export interface Grants {
  /** On SKUs with plenty, over all of them: each answer of these loads was a grant. */
  readonly plentifulUnits: number;
  /** On the scarce ones, SKU by SKU. */
  readonly scarce: GrantCount;
}

export interface Audit {
  readonly unitsByAnswers: number;
  readonly unitsByStore: number;
  /** Units above what was there, by whichever count is worse. */
  readonly oversoldUnits: number;
  /** What is wrong, in sentences; empty when all counts agree. */
  readonly findings: readonly string[];
}

export function auditGrants(grants: Grants, stock: readonly StockFigures[]): Audit {
  const findings: string[] = [];
  let oversoldUnits = 0;
  let plentifulUnits = 0;
  let unitsByStore = 0;
  const firstScarce = skuName(PLENTIFUL_SKUS);
  for (const { sku, onHand, reserved, committed, unitsOfReservations } of stock) {
    const units = reserved + committed;
    const told = sku < firstScarce ? units : (grants.scarce.unitsOfSku.get(sku) ?? 0);
    if (sku < firstScarce) plentifulUnits += units;
    unitsByStore += units;
    const worst = Math.max(units, told, unitsOfReservations ?? 0);
    if (worst > onHand) findings.push(`${sku}: ${worst} units granted of ${onHand}`);
    if (told !== units) findings.push(`${sku}: callers were granted ${told} units, the store has ${units}`);
    if (unitsOfReservations !== undefined && unitsOfReservations !== units)
      findings.push(`${sku}: reservations of ${unitsOfReservations} units stand, the stock says ${units}`);
    oversoldUnits += Math.max(0, worst - onHand);
  }
  if (plentifulUnits !== grants.plentifulUnits)
    findings.push(`callers were granted ${grants.plentifulUnits} plentiful units, the store has ${plentifulUnits}`);
  if (grants.scarce.rejected === 0) findings.push("nothing was ever short, so nothing was proven");
  const scarceUnits = [...grants.scarce.unitsOfSku.values()].reduce((sum, units) => sum + units, 0);
  return { unitsByAnswers: grants.plentifulUnits + scarceUnits, unitsByStore, oversoldUnits, findings };
}
