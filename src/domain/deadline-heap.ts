/**
 * The deadlines of every open hold of a partition: an indexed 4-ary min-heap in typed arrays, 20 bytes a hold.
 * It says which hold is due next; whether a hold still counts is decided on time alone (I9), so a late or lost timer does no harm.
 * Holds with one deadline come out in the order of their reservation numbers, which keeps replay and simulation deterministic.
 */
export class DeadlineHeap {
  #deadlines = new Float64Array(1024);
  #numbers = new Float64Array(1024);
  #size = 0;
  readonly #slots = new Map<number, number>();

  get size(): number {
    return this.#size;
  }

  /** The earliest deadline in milliseconds; Infinity when there is no hold. */
  get earliestMs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#deadlines[0]!;
  }

  /** The reservation number of the earliest deadline; 0 when there is none. */
  get earliest(): number {
    return this.#size === 0 ? 0 : this.#numbers[0]!;
  }

  /** Holds whose deadline is before a moment; a walk over all of them only where there is one. */
  countDue(nowMs: number): number {
    if (this.earliestMs >= nowMs) return 0;
    let due = 0;
    for (let slot = 0; slot < this.#size; slot++) if (this.#deadlines[slot]! < nowMs) due += 1;
    return due;
  }

  /** Sets or moves the deadline of a hold. */
  set(number: number, deadlineMs: number): void {
    let slot = this.#slots.get(number);
    if (slot === undefined) {
      slot = this.#size++;
      if (slot === this.#deadlines.length) this.#grow();
      this.#place(slot, number, deadlineMs);
      this.#up(slot);
      return;
    }
    const before = this.#deadlines[slot]!;
    this.#deadlines[slot] = deadlineMs;
    if (deadlineMs < before) this.#up(slot);
    else this.#down(slot);
  }

  /** Takes out the holds that are due, earliest first, at most `max`; whoever takes them expires them. */
  takeDue(nowMs: number, max: number): readonly number[] {
    const due: number[] = [];
    while (this.earliestMs <= nowMs && due.length < max) {
      due.push(this.earliest);
      this.delete(this.earliest);
    }
    return due;
  }

  delete(number: number): void {
    const slot = this.#slots.get(number);
    if (slot === undefined) return;
    this.#slots.delete(number);
    const last = --this.#size;
    if (slot === last) return;
    this.#place(slot, this.#numbers[last]!, this.#deadlines[last]!);
    if (slot > 0 && this.#isBefore(slot, (slot - 1) >> 2)) this.#up(slot);
    else this.#down(slot);
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#deadlines[a]! - this.#deadlines[b]!;
    return difference < 0 || (difference === 0 && this.#numbers[a]! < this.#numbers[b]!);
  }

  #up(start: number): void {
    let slot = start;
    while (slot > 0) {
      const parent = (slot - 1) >> 2;
      if (!this.#isBefore(slot, parent)) return;
      this.#swap(slot, parent);
      slot = parent;
    }
  }

  #down(start: number): void {
    let slot = start;
    for (;;) {
      let smallest = slot;
      const first = slot * 4 + 1;
      const end = Math.min(first + 4, this.#size);
      for (let child = first; child < end; child++) if (this.#isBefore(child, smallest)) smallest = child;
      if (smallest === slot) return;
      this.#swap(slot, smallest);
      slot = smallest;
    }
  }

  #swap(a: number, b: number): void {
    const number = this.#numbers[a]!;
    const deadlineMs = this.#deadlines[a]!;
    this.#place(a, this.#numbers[b]!, this.#deadlines[b]!);
    this.#place(b, number, deadlineMs);
  }

  #place(slot: number, number: number, deadlineMs: number): void {
    this.#numbers[slot] = number;
    this.#deadlines[slot] = deadlineMs;
    this.#slots.set(number, slot);
  }

  #grow(): void {
    const deadlines = new Float64Array(this.#deadlines.length * 2);
    deadlines.set(this.#deadlines);
    this.#deadlines = deadlines;
    const numbers = new Float64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
