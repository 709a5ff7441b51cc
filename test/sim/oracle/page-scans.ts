/**
 * Lists that are read page by page while the world goes on: no reservation comes twice, and one that matched from the first page to
 * the last and did not change between is among them. Page tokens are opaque, and learned from answers.
 */
import type { ReservationPicture } from "./request.js";

interface Scan {
  /** Revisions of what matched when the scan began. */
  readonly first: ReadonlyMap<number, number>;
  readonly given: ReadonlySet<number>;
}

export interface Page {
  /** Empty asks for the first page; the same query goes on under the same name only. */
  readonly query: string;
  readonly token: string;
  readonly nextToken: string;
  readonly given: readonly number[];
}

const SCANS_MAX = 1_000;

export class PageScans {
  readonly #scans = new Map<string, Scan>();

  /** What is wrong with this page, given all that matches now. */
  turn(page: Page, matching: readonly ReservationPicture[]): string[] {
    const differences: string[] = [];
    const begun = this.#scans.get(`${page.query}\n${page.token}`);
    if (page.token !== "" && begun === undefined) return [];
    const revisions = new Map(matching.map((one) => [one.number, one.revision]));
    const first = begun?.first ?? revisions;
    const given = new Set(begun?.given);
    for (const number of page.given) {
      if (given.has(number)) differences.push(`reservation #${number} is listed twice`);
      given.add(number);
    }
    if (page.nextToken !== "") {
      this.#keep(`${page.query}\n${page.nextToken}`, { first, given });
      return differences;
    }
    for (const [number, revision] of first) {
      const isSame = revisions.get(number) === revision;
      if (isSame && !given.has(number)) differences.push(`reservation #${number} is missing from the list`);
    }
    return differences;
  }

  #keep(key: string, scan: Scan): void {
    this.#scans.set(key, scan);
    const oldest = this.#scans.size > SCANS_MAX ? this.#scans.keys().next().value : undefined;
    if (oldest !== undefined) this.#scans.delete(oldest);
  }
}
