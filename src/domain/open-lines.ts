/**
 * The open lines of every stock of a partition, in the order in which coverage serves them (docs/api.md, Shortfall):
 * committed lines in the order of their commit, then held lines in the order of their creation.
 * Doubly linked lists in typed arrays, about 40 bytes a line, so that a hundred thousand open holds on one stock cost
 * the next reservation nothing. Derived from the reservations; never stored.
 */
export type OpenKind = "hold" | "commit";

/** What a walk over a stock's open lines sees. The object is reused between steps: read it, do not keep it. */
export interface OpenLine {
  reservation: number;
  /** Index of the line in its reservation. */
  line: number;
  open: number;
  atRisk: boolean;
  kind: OpenKind;
  /** Rises along each of the two lists: the commit order, or the reservation's number. */
  order: number;
}

const NONE = -1;

export class OpenLines {
  #reservations = new Float64Array(1024);
  #opens = new Float64Array(1024);
  #orders = new Float64Array(1024);
  /** When a committed line was committed, service time. */
  #times = new Float64Array(1024);
  #stocks = new Int32Array(1024);
  #lines = new Uint16Array(1024);
  #next = new Int32Array(1024);
  #previous = new Int32Array(1024);
  #flags = new Uint8Array(1024);
  #used = 0;
  #free = NONE;
  /** Per stock: first and last commit, first and last hold, lines at risk. */
  #ends = new Int32Array(1024 * 5).fill(NONE);
  /** The node of a line by reservation and line index; lines of one reservation share an entry. */
  readonly #nodes = new Map<number, number | Int32Array>();

  /** Reservations with at least one open line. */
  get reservationCount(): number {
    return this.#nodes.size;
  }

  /** Adds the open lines of one reservation; `order` is the commit order of a commit, the reservation number of a hold. */
  add(
    reservation: number,
    lines: readonly { readonly stock: number; readonly open: number; readonly atRisk: boolean }[],
    kind: OpenKind,
    order: number,
    committedAtMs = 0,
  ): void {
    const place = { kind, order, committedAtMs };
    if (lines.length === 1) {
      if (lines[0]!.open > 0) this.#nodes.set(reservation, this.#insert(reservation, 0, lines[0]!, place));
      return;
    }
    const nodes = new Int32Array(lines.length).fill(NONE);
    let any = false;
    for (let index = 0; index < lines.length; index++) {
      if (lines[index]!.open === 0) continue;
      nodes[index] = this.#insert(reservation, index, lines[index]!, place);
      any = true;
    }
    if (any) this.#nodes.set(reservation, nodes);
  }

  /** Sets the open units of a line that stays open, or takes the line out at 0. */
  setOpen(reservation: number, line: number, open: number): void {
    const node = this.#nodeOf(reservation, line);
    if (node === NONE) return;
    if (open > 0) this.#opens[node] = open;
    else this.#remove(reservation, line, node);
  }

  setAtRisk(reservation: number, line: number, atRisk: boolean): void {
    const node = this.#nodeOf(reservation, line);
    if (node !== NONE) this.#setRisk(node, atRisk);
  }

  /** Takes out every line of a reservation. */
  delete(reservation: number): void {
    const entry = this.#nodes.get(reservation);
    if (entry === undefined) return;
    this.#nodes.delete(reservation);
    if (typeof entry === "number") this.#unlink(entry);
    else for (const node of entry) if (node !== NONE) this.#unlink(node);
  }

  /** How many lines of this stock are marked at risk. */
  atRiskCount(stock: number): number {
    const base = stock * 5;
    return base < this.#ends.length ? this.#ends[base + 4]! + 1 : 0;
  }

  /** Visits the open lines of a stock in coverage order until `visit` returns false. */
  walk(stock: number, visit: (line: OpenLine) => boolean | undefined): void {
    const base = stock * 5;
    if (base >= this.#ends.length) return;
    const step: OpenLine = { reservation: 0, line: 0, open: 0, atRisk: false, kind: "commit", order: 0 };
    for (const [head, kind] of [
      [this.#ends[base]!, "commit"],
      [this.#ends[base + 2]!, "hold"],
    ] as const) {
      for (let node = head; node !== NONE; ) {
        const next = this.#next[node]!;
        step.reservation = this.#reservations[node]!;
        step.line = this.#lines[node]!;
        step.open = this.#opens[node]!;
        step.atRisk = (this.#flags[node]! & 1) === 1;
        step.kind = kind;
        step.order = this.#orders[node]!;
        if (visit(step) === false) return;
        node = next;
      }
    }
  }

  /** All committed units that are open: how many, since when the oldest is, and how many since before a moment. */
  committed(beforeMs: number): { readonly units: number; readonly oldestMs: number; readonly unitsBefore: number } {
    let units = 0;
    let unitsBefore = 0;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#nodes.values()) {
      for (const node of typeof entry === "number" ? [entry] : entry) {
        if (node === NONE || (this.#flags[node]! & 2) === 2) continue;
        units += this.#opens[node]!;
        if (this.#times[node]! < beforeMs) unitsBefore += this.#opens[node]!;
        oldestMs = Math.min(oldestMs, this.#times[node]!);
      }
    }
    return { units, oldestMs, unitsBefore };
  }

  #nodeOf(reservation: number, line: number): number {
    const entry = this.#nodes.get(reservation);
    if (entry === undefined) return NONE;
    return typeof entry === "number" ? (line === 0 ? entry : NONE) : (entry[line] ?? NONE);
  }

  #insert(
    reservation: number,
    line: number,
    value: { readonly stock: number; readonly open: number; readonly atRisk: boolean },
    { kind, order, committedAtMs }: { readonly kind: OpenKind; readonly order: number; readonly committedAtMs: number },
  ): number {
    const node = this.#allocate();
    this.#reservations[node] = reservation;
    this.#lines[node] = line;
    this.#opens[node] = value.open;
    this.#orders[node] = order;
    this.#times[node] = committedAtMs;
    this.#stocks[node] = value.stock;
    this.#flags[node] = kind === "hold" ? 2 : 0;
    this.#link(node);
    if (value.atRisk) this.#setRisk(node, true);
    return node;
  }

  /** Appends at the end, or further up where an older order comes back (a reversed dispatch). */
  #link(node: number): void {
    const stock = this.#stocks[node]!;
    this.#reach(stock);
    const head = stock * 5 + ((this.#flags[node]! & 2) === 2 ? 2 : 0);
    let after = this.#ends[head + 1]!;
    while (after !== NONE && this.#orders[after]! > this.#orders[node]!) after = this.#previous[after]!;
    const before = after === NONE ? this.#ends[head]! : this.#next[after]!;
    this.#previous[node] = after;
    this.#next[node] = before;
    if (after === NONE) this.#ends[head] = node;
    else this.#next[after] = node;
    if (before === NONE) this.#ends[head + 1] = node;
    else this.#previous[before] = node;
  }

  #remove(reservation: number, line: number, node: number): void {
    const entry = this.#nodes.get(reservation)!;
    this.#unlink(node);
    if (typeof entry === "number") {
      this.#nodes.delete(reservation);
      return;
    }
    entry[line] = NONE;
    if (entry.every((other) => other === NONE)) this.#nodes.delete(reservation);
  }

  #unlink(node: number): void {
    this.#setRisk(node, false);
    const head = this.#stocks[node]! * 5 + ((this.#flags[node]! & 2) === 2 ? 2 : 0);
    const after = this.#previous[node]!;
    const before = this.#next[node]!;
    if (after === NONE) this.#ends[head] = before;
    else this.#next[after] = before;
    if (before === NONE) this.#ends[head + 1] = after;
    else this.#previous[before] = after;
    this.#next[node] = this.#free;
    this.#free = node;
  }

  #setRisk(node: number, atRisk: boolean): void {
    const is = (this.#flags[node]! & 1) === 1;
    if (is === atRisk) return;
    this.#flags[node]! ^= 1;
    this.#ends[this.#stocks[node]! * 5 + 4]! += atRisk ? 1 : -1;
  }

  #reach(stock: number): void {
    if (stock * 5 + 5 <= this.#ends.length) return;
    const ends = new Int32Array(Math.max(this.#ends.length * 2, (stock + 1) * 5)).fill(NONE);
    ends.set(this.#ends);
    this.#ends = ends;
  }

  #allocate(): number {
    if (this.#free !== NONE) {
      const node = this.#free;
      this.#free = this.#next[node]!;
      return node;
    }
    if (this.#used === this.#opens.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const size = this.#opens.length * 2;
    this.#reservations = enlarge(this.#reservations, new Float64Array(size));
    this.#opens = enlarge(this.#opens, new Float64Array(size));
    this.#orders = enlarge(this.#orders, new Float64Array(size));
    this.#times = enlarge(this.#times, new Float64Array(size));
    this.#stocks = enlarge(this.#stocks, new Int32Array(size));
    this.#lines = enlarge(this.#lines, new Uint16Array(size));
    this.#next = enlarge(this.#next, new Int32Array(size));
    this.#previous = enlarge(this.#previous, new Int32Array(size));
    this.#flags = enlarge(this.#flags, new Uint8Array(size));
  }
}

function enlarge<A extends Float64Array | Int32Array | Uint16Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
