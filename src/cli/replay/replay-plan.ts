/**
 * From rows to what is played: orders and cancellations by day, and every row that is not played, with its reason.
 * Pure; the same rows give the same plan.
 */
import type { OrderRow } from "./order-rows.js";

/** Why a row is not played. `no matching order` comes from cancellations, while playing. */
export type SkipReason =
  | "no customer"
  | "no order number"
  | "no goods"
  | "no whole quantity"
  | "negative quantity outside a cancellation"
  | "positive quantity in a cancellation"
  | "order of more than 1,000 lines"
  | "no matching order";

export interface PlannedLine {
  readonly sku: string;
  /** Units, at least 1; of a cancellation, those to give back. */
  readonly quantity: number;
}

/** One order or cancellation of one customer. */
export interface Step {
  readonly kind: "order" | "cancellation";
  readonly orderId: string;
  readonly customerId: string;
  readonly lines: readonly PlannedLine[];
}

export interface ReplayPlan {
  /** In the order of their first step. */
  readonly customers: readonly string[];
  /** The steps of each day, in the order in which they were placed. */
  readonly days: readonly (readonly Step[])[];
  /** Rows not played, by reason. */
  readonly skipped: ReadonlyMap<SkipReason, number>;
}

/**
 * The rule for what is no goods: the service codes of the Online Retail data set (postage, carriage, discounts,
 * samples, manual entries, fees, pads to match cushions, charity) and gift vouchers. Any other code is goods.
 */
const SERVICE_CODES: ReadonlySet<string> = new Set([
  ...["POST", "DOT", "C2", "C3", "D", "M", "S", "B"],
  ...["PADS", "CRUK", "BANK CHARGES", "AMAZONFEE", "ADJUST"],
]);
const VOUCHER = /^GIFT_/;

const LINES_MAX = 1_000;

/** Plans the replay of these rows. */
export function planReplay(rows: readonly OrderRow[]): ReplayPlan {
  const skipped = new Map<SkipReason, number>();
  const skip = (reason: SkipReason, count: number): void => {
    skipped.set(reason, (skipped.get(reason) ?? 0) + count);
  };
  const drafts = new Map<string, { placedAt: string; step: Step & { lines: PlannedLine[] } }>();
  for (const row of rows) {
    const reason = skipReasonOf(row);
    if (reason !== undefined) {
      skip(reason, 1);
      continue;
    }
    const key = JSON.stringify([row.orderId, row.customerId]);
    const draft = drafts.get(key) ?? { placedAt: row.placedAt, step: emptyStep(row) };
    drafts.set(key, draft);
    draft.step.lines.push({ sku: row.sku, quantity: Math.abs(row.quantity) });
  }
  const playable = [...drafts.values()].filter(({ step }) => {
    if (step.kind === "order" && step.lines.length > LINES_MAX)
      skip("order of more than 1,000 lines", step.lines.length);
    return step.kind === "cancellation" || step.lines.length <= LINES_MAX;
  });
  playable.sort((a, b) => (a.placedAt < b.placedAt ? -1 : Number(a.placedAt > b.placedAt)));
  const byDay = new Map<string, Step[]>();
  for (const { placedAt, step } of playable) {
    const day = placedAt.slice(0, 10);
    const steps = byDay.get(day) ?? [];
    byDay.set(day, steps);
    steps.push(step);
  }
  return {
    customers: [...new Set(playable.map(({ step }) => step.customerId))],
    days: [...byDay.values()],
    skipped,
  };
}

function isCancellation(row: OrderRow): boolean {
  return row.orderId.startsWith("C");
}

/** What is wrong with the row itself goes before what it lacks. */
function skipReasonOf(row: OrderRow): SkipReason | undefined {
  if (row.orderId === "") return "no order number";
  if (row.sku === "" || SERVICE_CODES.has(row.sku.toUpperCase()) || VOUCHER.test(row.sku.toUpperCase()))
    return "no goods";
  if (!Number.isSafeInteger(row.quantity) || row.quantity === 0) return "no whole quantity";
  if (row.quantity < 0 && !isCancellation(row)) return "negative quantity outside a cancellation";
  if (row.quantity > 0 && isCancellation(row)) return "positive quantity in a cancellation";
  if (row.customerId === "") return "no customer";
  return undefined;
}

function emptyStep(row: OrderRow): Step & { lines: PlannedLine[] } {
  const kind = isCancellation(row) ? "cancellation" : "order";
  return { kind, orderId: row.orderId, customerId: row.customerId, lines: [] };
}
