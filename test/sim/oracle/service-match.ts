/** Plays random requests to a real node and to the oracle side by side: in batches, with lost answers, restarts and crashes. */
import type { Outcome } from "../../../src/actor/service.js";
import type { Reservation } from "../../../src/domain/reservation.js";
import type { SeededRandom } from "../../journal/seeded-random.js";
import type { NodeHarness } from "../../node/node-harness.js";
import { watchUpkeep } from "../upkeep-watch.js";
import { Oracle } from "./oracle.js";
import { RandomRequests } from "./random-requests.js";
import type { Decision, Request, View } from "./request.js";

/** Events of one source that may wait ahead of a gap (docs/api.md). */
const BUFFERED_EVENTS_MAX = 10_000;
const GAPS_MS = [0, 1, 1, 400, 400, 5_000, 5_000, 35_000, 35_000, 70_000, 70_000, 1_000_000, 300_000_000];
const DEALERS = ["D1", "D2", "D3", "D4"];

export class ServiceMatch {
  readonly node: NodeHarness;
  readonly oracle: Oracle;
  /** What was answered how often, by method and outcome. */
  readonly tally = new Map<string, number>();
  /** Every difference, with the step and the request. */
  readonly wrong: string[] = [];
  readonly #random: SeededRandom;
  readonly #requests: RandomRequests;
  #steps = 0;

  constructor(node: NodeHarness, random: SeededRandom) {
    this.node = node;
    this.#random = random;
    this.#requests = new RandomRequests(random);
    this.oracle = new Oracle({ ...node.settings, bufferedEventsMax: BUFFERED_EVENTS_MAX });
    this.#begin();
  }

  /** A process listens from now on, and the oracle hears of each time at which it looks after what time has brought about. */
  #begin(): void {
    this.oracle.starts(this.node.nowMs);
    watchUpkeep(this.node.node.store, (turn, work) => {
      this.oracle.turn(turn.nowMs);
      work();
    });
  }

  /** Plays until this many requests were made, or differences were found. */
  async play(steps: number): Promise<void> {
    while (this.#steps < steps && this.wrong.length === 0) {
      if (this.#random.chance(0.1)) await this.#pass();
      const choice = this.#random.below(200);
      if (choice === 0) await this.#restart();
      else if (choice === 1) await this.#crash();
      else if (choice === 2) await this.checkInvariants();
      else await this.ask(this.#batch(), 0.03);
      this.oracle.settled(this.oracle.mark());
    }
  }

  /** All submitted before the first turn, compared in the order in which they settle. */
  async ask(requests: readonly Request[], lostShare = 0): Promise<void> {
    const outcomes: Outcome<unknown>[] = [];
    for (const request of requests) this.#submit(request, (outcome) => outcomes.push(outcome));
    await this.node.settle();
    if (outcomes.length !== requests.length) throw new Error(`${requests.length} asked, ${outcomes.length} settled`);
    for (const [index, outcome] of outcomes.entries()) {
      const decision = this.oracle.decide(this.node.nowMs, requests[index]!);
      this.#steps += 1;
      this.#count(requests[index]!, outcome);
      if (this.#random.chance(lostShare)) this.#count("an answer that was lost");
      else this.#compare(decision, outcome);
    }
  }

  /** Everything of this moment that callers can read. */
  async view(): Promise<View> {
    const { ports } = this.node.node;
    const reservations: Reservation[] = [];
    for (const dealerId of DEALERS) {
      let pageToken = "";
      do {
        const filter = { dealerId, orderId: "", warehouseId: "", sku: "", states: [] };
        const command = { kind: "ListReservations", ...filter, pageSize: 1_000, pageToken } as const;
        const outcome = await this.node.ask(command, (answer) => structuredClone(answer));
        if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
        reservations.push(...outcome.value.reservations);
        pageToken = outcome.value.nextPageToken;
      } while (pageToken !== "");
    }
    const stocks = ["W1", "W2"].flatMap((warehouseId) => {
      const page = ports.availability.read({ dealerId: "", warehouseId, skus: [], pageSize: 1_000, pageToken: "" });
      return "figures" in page ? page.figures.map((figures) => ({ warehouseId, figures })) : [];
    });
    return { nowMs: this.node.nowMs, stocks, reservations, sources: [] };
  }

  async checkInvariants(): Promise<void> {
    await this.node.fireTimers();
    this.wrong.push(...this.oracle.checkInvariants(await this.view()));
    this.#count("the invariants");
  }

  /** Lets every hold end. */
  async checkAtRest(): Promise<void> {
    await this.node.advance(41 * 24 * 3_600_000);
    await this.node.fireTimers();
    this.wrong.push(...this.oracle.checkAtRest(await this.view()));
  }

  #batch(): Request[] {
    const size = this.#random.chance(0.8) ? 1 : 2 + this.#random.below(8);
    return Array.from({ length: size }, () => this.#requests.next());
  }

  #submit(request: Request, settle: (outcome: Outcome<unknown>) => void): void {
    const { commands, ingest } = this.node.node.ports;
    if (request.kind === "command") commands.submit(request.command, (answer) => structuredClone(answer), settle);
    else if (request.kind === "erp") ingest.offer(request.event, settle);
    else if (request.kind === "heartbeat") ingest.heartbeat({ ...request, erpResponseMs: undefined }, settle);
    else ingest.sourceStatus(request.source, settle);
  }

  #compare(decision: Decision, outcome: Outcome<unknown>): void {
    const differences = this.oracle.compare(decision, outcome);
    const what = `step ${this.#steps}: ${JSON.stringify(decision.request)}`;
    this.wrong.push(...differences.map((difference) => `${what}: ${difference}`));
    if (outcome.kind === "answered") this.#requests.learn(decision.request, outcome.value);
  }

  async #pass(): Promise<void> {
    const ms = this.#random.pick(GAPS_MS);
    if (this.#random.chance(0.5)) this.node.pass(ms);
    else await this.node.advance(ms);
  }

  /** Nothing is lost but what is in no journal. */
  async #restart(): Promise<void> {
    await this.node.restart();
    this.wrong.push(...this.oracle.rewindTo(this.oracle.mark()));
    this.#begin();
    this.#count("a restart");
  }

  /** Decisions whose append never happened: no answer is given, and nothing is left of them. */
  async #crash(): Promise<void> {
    const mark = this.oracle.mark();
    this.node.gate.close();
    for (const request of this.#batch()) {
      this.#submit(request, () => {});
      this.oracle.decide(this.node.nowMs, request);
    }
    await this.node.settle();
    await this.node.restart();
    this.node.failures.length = 0; // of the node that crashed, whose journal was taken away
    this.wrong.push(...this.oracle.rewindTo(mark));
    this.#begin();
    this.#count("a crash");
  }

  #count(what: Request | string, outcome?: Outcome<unknown>): void {
    let name = typeof what === "string" ? what : what.kind === "command" ? what.command.kind : what.kind;
    if (outcome?.kind === "refused") name += ` ${outcome.refusal.reason}`;
    else if (outcome?.kind === "answered") {
      const value = outcome.value as { outcome?: string; disposition?: string; reason?: string };
      for (const word of [value.outcome, value.disposition, value.reason]) if (word) name += ` ${word}`;
    }
    this.tally.set(name, (this.tally.get(name) ?? 0) + 1);
  }
}
