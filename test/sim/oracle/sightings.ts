/**
 * What was read of each reservation and stock before, whatever the model thinks: what ended stays as it is, revisions and versions
 * only rise (I3, I9, I10). Apart from the rules, so that a mistake in those cannot hide such a fault.
 */
import type { StockFigures } from "../../../src/domain/availability.js";
import type { Reservation } from "../../../src/domain/reservation.js";
import { same } from "./compare-parts.js";

/** The states that may come after each. */
const NEXT: { readonly [State in Reservation["state"]]: readonly Reservation["state"][] } = {
  PENDING: ["PENDING", "COMMITTED", "FULFILLED", "RELEASED", "EXPIRED"],
  COMMITTED: ["COMMITTED", "FULFILLED", "RELEASED"],
  FULFILLED: ["FULFILLED"],
  RELEASED: ["RELEASED"],
  EXPIRED: ["EXPIRED"],
};

interface Sighting<T> {
  readonly mark: number;
  readonly what: T;
}

export class Sightings {
  readonly #reservations = new Map<string, Sighting<Reservation>>();
  readonly #stocks = new Map<string, Sighting<StockFigures>>();

  /** A reservation as it stands at this mark. */
  reservation(mark: number, now: Reservation): string[] {
    const name = `reservation ${now.id}`;
    const before = this.#reservations.get(now.id)?.what;
    this.#reservations.set(now.id, { mark, what: structuredClone(now) });
    const differences = standsByItself(now);
    if (before === undefined) return differences;
    if (now.revision < before.revision) {
      differences.push(`I3: ${name} went back from revision ${before.revision} to ${now.revision}`);
    }
    if (now.revision === before.revision)
      differences.push(...same(`I3: ${name} of one revision`, core(now), core(before)));
    if (!NEXT[before.state].includes(now.state)) {
      const rule = before.state === "COMMITTED" ? "I10" : "I3";
      differences.push(`${rule}: ${name} went from ${before.state} to ${now.state}`);
    }
    differences.push(...same(`I2: granted units of ${name}`, now.lines.map(granted), before.lines.map(granted)));
    return differences;
  }

  /** A stock's figures as they stand at this mark. */
  figures(mark: number, warehouseId: string, now: StockFigures): string[] {
    const key = `${warehouseId}\n${now.sku}`;
    const before = this.#stocks.get(key)?.what;
    this.#stocks.set(key, { mark, what: { ...now } });
    if (before === undefined) return [];
    if (now.version < before.version) {
      return [`I11: version of ${now.sku} went back from ${before.version} to ${now.version}`];
    }
    return now.version === before.version ? same(`I11: figures of ${now.sku} of one version`, now, before) : [];
  }

  /** Forgets what was seen after this mark. */
  dropAfter(mark: number): void {
    for (const map of [this.#reservations, this.#stocks]) {
      for (const [key, seen] of map) if (seen.mark > mark) map.delete(key);
    }
  }
}

function granted(line: Reservation["lines"][number]): number {
  return line.open + line.dispatched + line.released;
}

function core({ state, lines, expiresAtMs }: Reservation): unknown {
  return [state, expiresAtMs, lines.map(({ sku, open, dispatched, released }) => [sku, open, dispatched, released])];
}

/** What must be true of any reservation, by docs/api.md's words on it. */
function standsByItself(now: Reservation): string[] {
  const name = `reservation ${now.id}`;
  const open = now.lines.some((line) => line.open > 0);
  const isOpen = now.state === "PENDING" || now.state === "COMMITTED";
  const dispatched = now.lines.some((line) => line.dispatched > 0);
  const differences: string[] = [];
  if (open !== isOpen) differences.push(`I3: ${name} is ${now.state} with ${open ? "open" : "no open"} units`);
  if (!isOpen && dispatched !== (now.state === "FULFILLED")) {
    differences.push(`I3: ${name} ended ${now.state} with ${dispatched ? "" : "no "}dispatched units`);
  }
  if (now.expiresAtMs > 0 !== (now.state === "PENDING")) {
    differences.push(`I9: ${name} is ${now.state} with expire_time ${now.expiresAtMs}`);
  }
  if (
    now.lines.some(
      (line) => line.open < 0 || line.dispatched < 0 || line.released < 0 || granted(line) > line.requested,
    )
  ) {
    differences.push(`I2: ${name} has line figures out of range: ${JSON.stringify(now.lines)}`);
  }
  return differences;
}
