/**
 * The ids of all stock moves that were dealt with, for good: a move that is written again later, or that comes to light late, is
 * told once. Kept as ranges: moves are numbered one after the other, so what is left out are those that are still open.
 */
export class HandledMoves {
  /** Sorted, apart from each other by at least one id; both ends included. */
  readonly #ranges: { first: number; last: number }[];

  private constructor(ranges: { first: number; last: number }[]) {
    this.#ranges = ranges;
  }

  /** From the text of `toString`, such as "1-500,502". */
  static parse(text: string): HandledMoves {
    const ranges = text === "" ? [] : text.split(",").map((range) => range.split("-").map(Number));
    return new HandledMoves(ranges.map(([first = 0, last = first]) => ({ first, last })));
  }

  has(id: number): boolean {
    const range = this.#ranges[this.#indexFrom(id)];
    return range !== undefined && range.first <= id;
  }

  add(id: number): void {
    if (this.has(id)) return;
    const index = this.#indexFrom(id);
    const before = this.#ranges[index - 1];
    const after = this.#ranges[index];
    const joinsBefore = before?.last === id - 1;
    const joinsAfter = after?.first === id + 1;
    if (joinsBefore && joinsAfter) {
      before.last = after.last;
      this.#ranges.splice(index, 1);
    } else if (joinsBefore) before.last = id;
    else if (joinsAfter) after.first = id;
    else this.#ranges.splice(index, 0, { first: id, last: id });
  }

  toString(): string {
    return this.#ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
  }

  /** Of the first range that ends at the id or behind it. */
  #indexFrom(id: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle]?.last ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
