/** Which real id belongs to which reservation of the model. Ids are opaque, and learned from answers. */
import type { Reservation } from "../../../src/domain/reservation.js";
import type { ReservationPicture } from "./request.js";

const ID_LENGTH_MAX = 40;

export class ReservationIds {
  readonly #numbers = new Map<string, number>();
  readonly #ids = new Map<number, string>();
  /** Every id that was ever learned, also of what a crash took. */
  readonly #told = new Set<string>();
  #retired: ReadonlySet<string> = new Set();
  /** The last reservation that may have a retired id. */
  #lastOld = 0;

  get told(): ReadonlySet<string> {
    return this.#told;
  }

  /** The same ids, for another to go on with. */
  copy(): ReservationIds {
    const copy = new ReservationIds();
    for (const [number, id] of this.#ids) copy.learn(id, number);
    return copy;
  }

  /** Reservations after this number must have none of these ids. */
  retire(ids: ReadonlySet<string>, lastOld: number): void {
    this.#retired = ids;
    this.#lastOld = lastOld;
  }

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id);
  }

  idOf(number: number): string | undefined {
    return this.#ids.get(number);
  }

  /** Takes note of the id of a reservation; says so when it contradicts what was noted before. */
  learn(id: string, number: number): string[] {
    const knownNumber = this.#numbers.get(id);
    const knownId = this.#ids.get(number);
    if (knownNumber !== undefined && knownNumber !== number) return [`I3: reservation id ${id} was issued twice`];
    if (knownId !== undefined && knownId !== id) return [`reservation id is ${id}, expected ${knownId}`];
    if (number > this.#lastOld && this.#retired.has(id)) {
      return [`I3: reservation id ${id} was issued before the restore, for another reservation`];
    }
    this.#told.add(id);
    this.#numbers.set(id, number);
    this.#ids.set(number, id);
    const length = [...id].length;
    return length > 0 && length <= ID_LENGTH_MAX ? [] : [`reservation id ${id} has ${length} characters`];
  }

  /**
   * The one of these pictures that a real reservation is: by its id, or, when its first answer was lost,
   * one without an id that was made at the same time for the same order and lines. Of several twins the one that is most alike now.
   */
  find(real: Reservation, among: readonly ReservationPicture[]): ReservationPicture | undefined {
    const number = this.#numbers.get(real.id);
    if (number !== undefined) return among.find((one) => one.number === number);
    const twins = among.filter((one) => !this.#ids.has(one.number) && isMadeAs(real, one));
    const twin =
      twins.find((one) => now(real) === now(one)) ?? twins.find((one) => granted(real) === granted(one)) ?? twins[0];
    if (twin !== undefined) this.learn(real.id, twin.number);
    return twin;
  }

  /** Whether it says rightly which one it continues. */
  predecessor(actual: Reservation, expected: ReservationPicture): string[] {
    const { reopenedFrom } = actual;
    if (reopenedFrom === "" || expected.reopenedFrom === 0) {
      return reopenedFrom === "" && expected.reopenedFrom === 0
        ? []
        : [`reservation ${actual.id} reopened_from is "${reopenedFrom}", expected of #${expected.reopenedFrom}`];
    }
    return this.learn(reopenedFrom, expected.reopenedFrom);
  }

  /** Forgets the reservations after this number. */
  dropAfter(number: number): void {
    for (const [known, id] of this.#ids) {
      if (known <= number) continue;
      this.#ids.delete(known);
      this.#numbers.delete(id);
    }
  }
}

function isMadeAs(real: Reservation, one: ReservationPicture): boolean {
  const made = (
    of: Pick<Reservation, "dealerId" | "orderId" | "warehouseId" | "createdAtMs"> & LinesOf,
    isReopened: boolean,
  ) =>
    JSON.stringify([
      of.dealerId,
      of.orderId,
      of.warehouseId,
      of.createdAtMs,
      isReopened,
      of.lines.map((l) => [l.sku, l.requested]),
    ]);
  return made(real, real.reopenedFrom !== "") === made(one, one.reopenedFrom !== 0);
}

/** What may change of it, as it stands. */
function now(of: Pick<Reservation, "state" | "expiresAtMs"> & LinesOf): string {
  return JSON.stringify([of.state, of.expiresAtMs, of.lines.map((l) => [l.open, l.dispatched, l.released])]);
}

function granted(of: LinesOf): string {
  return JSON.stringify(of.lines.map((line) => line.open + line.dispatched + line.released));
}

interface LinesOf {
  readonly lines: readonly {
    readonly sku: string;
    readonly requested: number;
    readonly open: number;
    readonly dispatched: number;
    readonly released: number;
  }[];
}
