/** Compares parts of answers with what the model has; a difference is one sentence that names the field, the actual and the expected. */
import type { Freshness, StockFigures } from "../../../src/domain/availability.js";
import type { Reservation } from "../../../src/domain/reservation.js";
import type { FiguresPicture, FreshnessPicture, ReservationPicture } from "./request.js";

export function same(field: string, actual: unknown, expected: unknown): string[] {
  const [found, wanted] = [canonical(actual), canonical(expected)];
  return found === wanted ? [] : [`${field} is ${found}, expected ${wanted}`];
}

/** Text that is equal for equal content, whatever the order of keys; absent and undefined are one. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}:${canonical(field)}`).join(",")}}`;
}

export function within(field: string, actual: number, least: number, most: number): string[] {
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  return actual >= least && actual <= most ? [] : [`${field} is ${actual}, expected ${wanted}`];
}

/** All but the id. What an expiry changed may have been updated at any time from the deadline to now. */
export function compareReservation(actual: Reservation, expected: ReservationPicture, nowMs: number): string[] {
  const name = `reservation ${actual.id}`;
  const lines = actual.lines.map(({ sku, requested, open, dispatched, released }) => {
    return { sku, requested, open, dispatched, released };
  });
  const updated = expected.updatedExactly ? expected.updatedAtMs : nowMs;
  return [
    ...same(`${name} dealer_id`, actual.dealerId, expected.dealerId),
    ...same(`${name} order_id`, actual.orderId, expected.orderId),
    ...same(`${name} warehouse_id`, actual.warehouseId, expected.warehouseId),
    ...same(`${name} state`, actual.state, expected.state),
    ...same(`${name} lines`, lines, expected.lines),
    ...within(`${name} revision`, actual.revision, expected.revisionLeast, expected.revision),
    ...same(`${name} create_time`, actual.createdAtMs, expected.createdAtMs),
    ...same(`${name} expire_time`, actual.expiresAtMs, expected.expiresAtMs),
    ...same(`${name} at_risk`, actual.atRisk, expected.atRisk),
    ...same(`${name} provisional`, actual.provisional, expected.provisional),
    ...within(`${name} update_time`, actual.updatedAtMs, expected.updatedAtMs, updated),
  ];
}

/** All but version and update_time. */
export function compareFigures(actual: StockFigures, expected: FiguresPicture): string[] {
  const { version, updatedAtMs: _, ...figures } = actual;
  const { seen, ...wanted } = expected;
  return [
    ...same(`figures of ${expected.sku}`, figures, wanted),
    ...(seen === version > 0
      ? []
      : [`version of ${expected.sku} is ${version}, but it was ${seen ? "" : "never "}seen`]),
  ];
}

export function compareFreshness(actual: Freshness, expected: FreshnessPicture): string[] {
  const ageMs = actual.asOfMs === 0 ? 0 : expected.atMs - actual.asOfMs;
  return [
    ...(expected.states.includes(actual.state)
      ? []
      : [`freshness is ${actual.state}, expected ${expected.states.join(" or ")}`]),
    ...within("freshness as_of", actual.asOfMs, expected.asOfMinMs, expected.asOfMaxMs),
    ...same("freshness age", actual.ageMs, ageMs),
  ];
}
