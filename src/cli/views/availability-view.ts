import {
  type Availability,
  AvailabilityLevel,
  durationMs,
  type Freshness,
  FreshnessState,
  type GetAvailabilityResponse,
} from "../../client/index.js";
import { formatDuration, formatTime } from "./format.js";
import { renderTable } from "./table.js";

/** JSON names of what a dealer is not told; as zeros it would say something that is not so. */
export const HIDDEN_FROM_DEALERS: readonly string[] = [
  "onHand",
  "unavailable",
  "reserved",
  "committed",
  "allocatedElsewhere",
  "safetyStock",
  "degradedBuffer",
  "shortfall",
];

/** Figures of a warehouse, every one of them. */
export function describeForWarehouse(response: GetAvailabilityResponse): string {
  return withFreshness(response, describeFigures(response.availability));
}

/** Figures as a dealer may know them. */
export function describeForDealer(response: GetAvailabilityResponse): string {
  const table = renderTable(
    [{ title: "WAREHOUSE" }, { title: "SKU" }, { title: "AVAILABLE", align: "right" }, { title: "LEVEL" }],
    response.availability.map((stock) => [stock.warehouseId, stock.sku, availableAsTold(stock), levelOf(stock)]),
  );
  return withFreshness(response, table);
}

/** "50+" where there is more than is told, "some" where only the level is told. */
export function availableAsTold({ availableToPromise, capped }: Availability): string {
  if (!capped) return String(availableToPromise);
  return availableToPromise === 0n ? "some" : `${availableToPromise}+`;
}

/** Every figure of some stocks, one stock a line. */
export function describeFigures(stocks: readonly Availability[]): string {
  const titles = ["AVAILABLE", "ON HAND", "UNAVAILABLE", "RESERVED", "COMMITTED", "ELSEWHERE", "SAFETY", "BUFFER"];
  return renderTable(
    [
      { title: "SKU" },
      ...[...titles, "SHORTFALL"].map((title) => ({ title, align: "right" as const })),
      { title: "LEVEL" },
    ],
    stocks.map((stock) => [
      stock.sku,
      stock.availableToPromise,
      stock.onHand,
      stock.unavailable,
      stock.reserved,
      stock.committed,
      stock.allocatedElsewhere,
      stock.safetyStock,
      stock.degradedBuffer,
      stock.shortfall,
      levelOf(stock),
    ]),
  );
}

/** How current an answer is, in one line. */
export function describeFreshness(freshness: Freshness | undefined): string {
  if (freshness === undefined) return "";
  const state = FreshnessState[freshness.state] ?? "?";
  if (freshness.asOf === undefined) return `${state}: no ERP speaks for this warehouse yet`;
  const age = freshness.age === undefined || durationMs(freshness.age) < 1_000 ? "now" : formatDuration(freshness.age);
  return `${state}: the ERP last spoke at ${formatTime(freshness.asOf)} (${age === "now" ? "just now" : `${age} ago`})`;
}

function withFreshness(response: GetAvailabilityResponse, table: string): string {
  if (response.availability.length === 0) return "No stock here.";
  return `${table}\n\n${describeFreshness(response.freshness)}`;
}

function levelOf(stock: Availability): string {
  return AvailabilityLevel[stock.level] ?? "?";
}
