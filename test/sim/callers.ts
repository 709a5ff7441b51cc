/**
 * The dealers and operators of a simulated world. They reserve, change their minds, race the clock and each other, send again what
 * they do not know the outcome of, and do what careless callers do. Each move asks the service something and does not wait.
 */
import type { Command } from "../../src/domain/command.js";
import type { Counter } from "./coverage.js";
import { DEALERS, Orders, STRANGER } from "./orders.js";
import type { DecisionMade, Told } from "./service-calls.js";
import type { World } from "./world.js";

type Mutation = Extract<Command, { readonly requestId: string }>;

/** A reservation that a caller was told of. */
interface Known {
  readonly id: string;
  readonly dealerId: string;
  readonly warehouseId: string;
  readonly skus: readonly string[];
  state: string;
  expiresAtMs: number;
}

/** A request that was sent, and what is known of it. */
interface Sent {
  readonly command: Mutation;
  readonly first: DecisionMade | undefined;
  readonly wasUnknown: boolean;
  /** It was sent in the world before. */
  readonly isOld?: boolean;
}

const KNOWN_MAX = 60;
const RETRIES_MAX = 40;
const AFTER_MS_MAX = 15_000;

export class Callers {
  readonly #world: World;
  readonly #orders: Orders;
  /** What they have in mind: the newest. */
  readonly #known: Known[] = [];
  readonly #sent: Sent[] = [];
  readonly #everKnown: Known[] = [];
  readonly #everSent: Mutation[] = [];
  readonly #pages: Command[] = [];
  #requests = 0;

  /** `before`: the same people in another world, who remember some of what they did and were told there. */
  constructor(world: World, before?: Callers) {
    this.#world = world;
    this.#orders = new Orders(world.random);
    if (before === undefined) return;
    const some = <T>(all: readonly T[]): T[] =>
      all.length === 0 ? [] : Array.from({ length: KNOWN_MAX }, () => world.random.pick(all));
    this.#known.push(...some(before.#everKnown).map((known) => ({ ...known })));
    this.#sent.push(...some(before.#everSent).map(fromBefore));
    this.#requests = before.#requests;
  }

  /** Some reservation, of any state, that an ERP may have heard of. */
  anyReservation(): { readonly id: string; readonly state: string } {
    return this.#known.length === 0 ? { id: "r-none", state: "" } : this.#random.pick(this.#known);
  }

  /** A committed reservation of a SKU, as far as anybody was told; empty where nobody was. */
  committed(warehouseId: string, sku: string): string {
    const those = this.#known.filter(
      (known) => known.state === "COMMITTED" && known.warehouseId === warehouseId && known.skus.includes(sku),
    );
    return those.length === 0 ? "r-none" : this.#random.pick(those).id;
  }

  /** A SKU of some committed reservation, as far as anybody was told. */
  anyCommitted(): { readonly id: string; readonly warehouseId: string; readonly sku: string } {
    const those = this.#known.filter(({ state }) => state === "COMMITTED");
    if (those.length === 0) return { id: "r-none", warehouseId: "W1", sku: "S0" };
    const { id, warehouseId, skus } = this.#random.pick(those);
    return { id, warehouseId, sku: this.#random.pick(skus) };
  }

  /** Registers the dealers of the world, but for one. */
  begin(): void {
    for (const dealerId of DEALERS.slice(1)) this.#ask(this.#orders.putDealer(dealerId));
  }

  move(): void {
    const choice = this.#random.below(100);
    if (choice < 24) this.#send(this.#reserve());
    else if (choice < 30) this.#cross();
    else if (choice < 33) this.#hoard();
    else if (choice < 37) this.#abandon();
    else if (choice < 55) this.#send(this.#change());
    else if (choice < 65) this.#raceTheClock();
    else if (choice < 73) this.#sendAgain();
    else if (choice < 76) this.#reuseId();
    else if (choice < 80) this.#sendTwice();
    else if (choice < 83) this.#intrude();
    else if (choice < 93) this.#read();
    else if (choice < 95) this.#goAway();
    else if (choice < 97) this.#ask(this.#orders.putDealer(this.#dealer()));
    else this.#ask(this.#orders.putPolicy());
  }

  get #random() {
    return this.#world.random;
  }

  #count(counter: Counter): void {
    this.#world.coverage.count(counter);
  }

  #dealer(): string {
    return this.#random.chance(0.5) ? "D1" : this.#random.pick([...DEALERS, STRANGER]);
  }

  #requestId(): string {
    this.#requests += 1;
    return `q${this.#requests}`;
  }

  #reserve(changes: object = {}): Mutation {
    return this.#orders.reserve(this.#requestId(), this.#dealer(), changes);
  }

  #pick(state: string): Known | undefined {
    const those = this.#known.filter((known) => known.state === state);
    return those.length === 0 ? undefined : this.#random.pick(those.slice(-12));
  }

  #change(): Mutation {
    const known = this.#pick(this.#random.pick(["PENDING", "PENDING", "PENDING", "COMMITTED", "RELEASED", "EXPIRED"]));
    if (known === undefined) return this.#reserve();
    return this.#orders.change(this.#requestId(), known.dealerId, known.id);
  }

  /** Two orders on the same SKUs, named in both orders, at the same moment. */
  #cross(): void {
    const lines = [this.#orders.lines(1, 12)[0]!, this.#orders.lines(1, 12)[0]!];
    this.#send(this.#reserve({ warehouseId: "W1", lines }));
    this.#send(this.#reserve({ warehouseId: "W1", lines: lines.toReversed() }));
    this.#count("callers: orders crossed on the same SKUs");
  }

  #hoard(): void {
    const lines = this.#orders.lines(3, 60);
    this.#send(this.#reserve({ lines, partial: true, commit: false, holdMs: 600_000 }));
    this.#count("callers: a hoarder took what there was");
  }

  /** A short hold that nobody comes back to. */
  #abandon(): void {
    const command = this.#reserve({ commit: false, holdMs: 1 + this.#random.below(40) });
    this.#ask(command);
    this.#count("callers: a hold was abandoned");
  }

  /** A change that is to arrive in the instant in which the hold ends. */
  #raceTheClock(): void {
    const known = this.#pick("PENDING");
    if (known === undefined) {
      this.#send(this.#reserve({ commit: false, holdMs: 5 + this.#random.below(30) }));
      return;
    }
    const inMs = known.expiresAtMs - this.#world.calls.serviceMs + this.#random.pick([-1, 0, 0, 0, 0, 1]);
    if (inMs > AFTER_MS_MAX) return;
    const base = { requestId: this.#requestId(), dealerId: known.dealerId, reservationId: known.id };
    const command: Mutation = this.#random.chance(0.8)
      ? { kind: "Commit", ...base, lines: [] }
      : this.#orders.change(base.requestId, known.dealerId, known.id);
    this.#world.time.in(Math.max(0, inMs) * 1000, () => this.#send(command, known.expiresAtMs));
  }

  #sendAgain(): void {
    if (this.#sent.length === 0) return;
    this.#send(this.#random.pick(this.#sent).command);
    this.#count("callers: a retry with the same id");
  }

  #reuseId(): void {
    if (this.#sent.length === 0) return;
    const { command } = this.#random.pick(this.#sent);
    const { requestId, dealerId } = command;
    const other =
      command.kind === "Reserve"
        ? this.#orders.reserve(requestId, dealerId, { warehouseId: command.warehouseId })
        : this.#orders.change(requestId, dealerId, command.reservationId);
    this.#ask(other);
    this.#count("callers: an id with other content");
  }

  #sendTwice(): void {
    const command = this.#random.chance(0.6) ? this.#reserve() : this.#change();
    this.#send(command);
    this.#send(command);
    this.#count("callers: a duplicate in flight");
  }

  /** Somebody asks for what is another's. */
  #intrude(): void {
    const known = this.#pick(this.#random.pick(["PENDING", "COMMITTED"]));
    if (known === undefined) return;
    const dealerId = known.dealerId === "D2" ? "D1" : "D2";
    if (this.#random.chance(0.5)) this.#ask({ kind: "GetReservation", dealerId, reservationId: known.id });
    else this.#ask(this.#orders.change(this.#requestId(), dealerId, known.id));
    this.#count("callers: a stranger asked");
  }

  #read(): void {
    const page = this.#random.chance(0.4) ? this.#pages.pop() : undefined;
    const known = this.#known.length === 0 ? undefined : this.#random.pick(this.#known);
    this.#ask(page ?? this.#orders.read(known?.dealerId ?? "D1", known?.id ?? "r-none"));
  }

  /** The caller's stream ends before the answer: what it asked for happens, and nobody hears of it. */
  #goAway(): void {
    const request = { kind: "command", command: this.#random.chance(0.5) ? this.#reserve() : this.#change() } as const;
    this.#world.calls.ask(this.#world.node, request, () => {});
    this.#count("callers: a caller went away");
  }

  /** Asks once, and learns from what comes back. */
  #ask(command: Command): void {
    this.#world.calls.ask(this.#world.node, { kind: "command", command }, (told) => this.#learn(command, told));
  }

  /** Asks, and asks again as long as the outcome is unknown, if the caller is a patient one. */
  #send(command: Mutation, deadlineMs = 0, tries = 0): void {
    this.#world.calls.ask(this.#world.node, { kind: "command", command }, (told, made) => {
      const isUnknown =
        told.kind === "lost" || (told.kind === "refused" && told.refusal.reason === "JOURNAL_UNAVAILABLE");
      if (made !== undefined) this.#cover(command, told, made, deadlineMs);
      this.#remember({ command, first: made, wasUnknown: isUnknown });
      this.#learn(command, told);
      if (!isUnknown || tries >= RETRIES_MAX || (!this.#world.isCalm && this.#random.chance(0.2))) return;
      this.#world.time.in(1_000 + this.#random.below(100_000), () => this.#send(command, 0, tries + 1));
    });
  }

  /** Keeps what was known of the first time; an unknown outcome stays one until it is resolved. */
  #remember(sent: Sent): void {
    const same = ({ command }: Sent) =>
      command.requestId === sent.command.requestId && command.dealerId === sent.command.dealerId;
    const index = this.#sent.findIndex(same);
    if (index === -1) {
      this.#sent.push(sent);
      this.#everSent.push(sent.command);
      if (this.#sent.length > KNOWN_MAX) this.#sent.shift();
      return;
    }
    const before = this.#sent[index]!;
    this.#sent[index] = { ...before, first: before.first ?? sent.first, wasUnknown: sent.wasUnknown };
  }

  #cover(command: Mutation, told: Told, made: DecisionMade, deadlineMs: number): void {
    if (deadlineMs > 0 && made.nowMs === deadlineMs) {
      this.#count("a commit was decided in the very millisecond of the deadline");
    }
    const { requestId, dealerId } = command;
    const before = this.#sent.find((one) => one.command.requestId === requestId && one.command.dealerId === dealerId);
    if (before === undefined || told.kind !== "answered" || made.before !== made.total) return;
    if (before.isOld) this.#count("a request from before a backup was answered again after the restore");
    if (before.wasUnknown) this.#count("a retry resolved an unknown outcome");
    if (before.first === undefined) return;
    if (before.first.process === made.process) this.#count("a retry was answered from memory");
    else this.#count("a retry was answered after a restart");
    if (before.first.process !== made.process && before.first.total <= this.#world.snapshotTotal) {
      this.#count("a retry was answered from the snapshot");
    }
  }

  #learn(command: Command, told: Told): void {
    if (told.kind === "refused") {
      if (told.refusal.reason === "QUOTA_EXCEEDED") this.#count("a quota refused an order");
      if (told.refusal.metadata.resource === "inbox") this.#count("the inbox was full");
    }
    if (told.kind !== "answered") return;
    const answer = told.value as {
      outcome?: string;
      nextPageToken?: string;
      reservation?: Omit<Known, "skus"> & {
        readonly atRisk: boolean;
        readonly lines: readonly { readonly sku: string }[];
      };
    };
    if (answer.outcome === "PARTIALLY_RESERVED") this.#count("a partial reservation was made");
    if (answer.nextPageToken) this.#pages.push({ ...command, pageToken: answer.nextPageToken } as Command);
    const { reservation } = answer;
    if (reservation === undefined) return;
    if (reservation.atRisk) this.#count("a shortfall put a reservation at risk");
    const { id, dealerId, state, expiresAtMs } = reservation;
    const known = this.#known.find((one) => one.id === id);
    if (known !== undefined) Object.assign(known, { state, expiresAtMs });
    else {
      const { warehouseId, lines } = reservation;
      const heard = { id, dealerId, warehouseId, skus: lines.map(({ sku }) => sku), state, expiresAtMs };
      this.#known.push(heard);
      this.#everKnown.push(heard);
    }
    if (this.#known.length > KNOWN_MAX) this.#known.shift();
  }
}

function fromBefore(command: Mutation): Sent {
  return { command, first: undefined, wasUnknown: false, isOld: true };
}
