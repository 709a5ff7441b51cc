/** A set of sequences kept as runs without a hole, so that what is missing between them is known without a look at each. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

export class SequenceRuns {
  /** In order, apart from one another by at least one sequence. */
  readonly #runs: { first: number; last: number }[] = [];

  add(sequence: number): void {
    const index = this.#indexAfter(sequence);
    const before = this.#runs[index - 1];
    const after = this.#runs[index];
    if (before !== undefined && sequence <= before.last) return;
    const joinsBefore = before?.last === sequence - 1;
    const joinsAfter = after?.first === sequence + 1;
    if (joinsBefore && joinsAfter) {
      before.last = after.last;
      this.#runs.splice(index, 1);
    } else if (joinsBefore) before.last = sequence;
    else if (joinsAfter) after.first = sequence;
    else this.#runs.splice(index, 0, { first: sequence, last: sequence });
  }

  get runs(): readonly SequenceRange[] {
    return this.#runs;
  }

  has(sequence: number): boolean {
    const before = this.#runs[this.#indexAfter(sequence) - 1];
    return before !== undefined && sequence <= before.last;
  }

  /** Adds a range that begins after every sequence of the set. */
  append({ first, last }: SequenceRange): void {
    const newest = this.#runs.at(-1);
    if (newest !== undefined && newest.last === first - 1) newest.last = last;
    else this.#runs.push({ first, last });
  }

  delete(sequence: number): void {
    const index = this.#indexAfter(sequence) - 1;
    const run = this.#runs[index];
    if (run === undefined || sequence > run.last) return;
    const rest = [
      { first: run.first, last: sequence - 1 },
      { first: sequence + 1, last: run.last },
    ].filter(({ first, last }) => first <= last);
    this.#runs.splice(index, 1, ...rest);
  }

  /** Forgets every sequence up to this one. */
  dropThrough(sequence: number): void {
    const index = this.#indexAfter(sequence);
    const last = this.#runs[index - 1];
    if (last === undefined) return;
    if (last.last > sequence) last.first = sequence + 1;
    this.#runs.splice(0, last.last > sequence ? index - 1 : index);
  }

  /** What is missing from `first` up to the newest sequence of the set or `last`, whichever is later; at most `rangesMax`, the first ones. */
  missing(first: number, last: number, rangesMax: number): readonly SequenceRange[] {
    const ranges: SequenceRange[] = [];
    let next = first;
    for (const run of this.#runs) {
      if (ranges.length === rangesMax) return ranges;
      if (run.first > next) ranges.push({ first: next, last: run.first - 1 });
      next = Math.max(next, run.last + 1);
    }
    if (last >= next && ranges.length < rangesMax) ranges.push({ first: next, last });
    return ranges;
  }

  /** The index of the first run that begins after this sequence. */
  #indexAfter(sequence: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle]!.first <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
