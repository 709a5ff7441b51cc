/**
 * Which stocks of a warehouse changed since when, each once, by its newest change. It holds no figures and knows no readers: whoever
 * has told everything before a place asks for what came after it, so a slow reader costs nothing here, and what it missed is conflated.
 * Its size is bounded by the number of stocks that ever changed.
 */

/** Superseded entries beyond this and the live ones are dropped. */
const SUPERSEDED_MAX = 1_024;

export class ChangeLog {
  /** Entry `i` says that stock `#stocks[i]` changed at `#places[i]`; places rise. */
  #places: number[] = [];
  #stocks: number[] = [];
  /** By stock number, the place of its newest change; 0 for none. Entries of other places are superseded. */
  #newest: number[] = [0];
  #live = 0;
  #end = 1;
  #allAt = 0;

  /** The place of the next change: whoever stands here has been told everything. */
  get end(): number {
    return this.#end;
  }

  note(stock: number): void {
    while (this.#newest.length <= stock) this.#newest.push(0);
    if (this.#newest[stock] === 0) this.#live += 1;
    this.#newest[stock] = this.#end;
    this.#places.push(this.#end);
    this.#stocks.push(stock);
    this.#end += 1;
    if (this.#places.length > 2 * this.#live + SUPERSEDED_MAX) this.#drop();
  }

  /** Maybe every stock has changed. */
  noteAll(): void {
    this.#allAt = this.#end;
    this.#end += 1;
  }

  /** Whether that was so at `from` or later: then `since` is not everything. */
  hasAllSince(from: number): boolean {
    return this.#allAt >= from;
  }

  /**
   * Stocks whose newest change is at `from` or later, in the order of their changes, at most `max`; and the place up to which
   * that is everything.
   */
  since(from: number, max: number): { readonly stocks: readonly number[]; readonly end: number } {
    const stocks: number[] = [];
    for (let index = this.#indexOf(from); index < this.#places.length; index++) {
      const stock = this.#stocks[index]!;
      if (this.#newest[stock] !== this.#places[index]) continue;
      if (stocks.length === max) return { stocks, end: this.#places[index]! };
      stocks.push(stock);
    }
    return { stocks, end: this.#end };
  }

  /** The first entry at a place or after it. */
  #indexOf(place: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #drop(): void {
    let kept = 0;
    for (let index = 0; index < this.#places.length; index++) {
      const place = this.#places[index]!;
      const stock = this.#stocks[index]!;
      if (this.#newest[stock] !== place) continue;
      this.#places[kept] = place;
      this.#stocks[kept] = stock;
      kept += 1;
    }
    this.#places.length = kept;
    this.#stocks.length = kept;
  }
}
