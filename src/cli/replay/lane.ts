/**
 * Plays one warehouse's orders and cancellations: many dealers at once on one ReserveStream, in the order in which
 * they were placed, so each dealer's own orders come in their order.
 *
 * 1. Only this lane reserves in its warehouse, on one stream: the server decides in the order of the file, and the
 *    same seed gives the same outcome.
 * 2. A cancellation waits until every order before it is answered, and ends before the next begins. So nothing is
 *    given back while a reservation is under way, which makes the record's oversell check exact (ledger.ts).
 */
import { durationFromMs, FillPolicy, HoldfastError, ReleaseReason, type ReserveResponse } from "../../client/index.js";
import { EXIT_REFUSED } from "../exit-code.js";
import { exitCodeOf } from "../failure.js";
import { planCancellation } from "./cancellation.js";
import { canBeResolved, patiently } from "./patience.js";
import type { PlannedLine, Step } from "./replay-plan.js";
import type { ReplayRun } from "./replay-run.js";
import { orderIdIn } from "./replay-world.js";
import { type AskedOrder, readReserveAnswer } from "./reserve-answer.js";
import { forEachAtMost, WorkWindow } from "./work-window.js";

/** Longer than any replay takes: what is to expire is shortened on purpose (day-end.ts). */
const HOLD_MS = 3_600_000;

export class Lane {
  readonly #run: ReplayRun;
  readonly #stream: ReturnType<ReplayRun["client"]["openReserveStream"]>;

  constructor(run: ReplayRun) {
    this.#run = run;
    this.#stream = run.client.openReserveStream({ inFlightMax: run.inFlightMax });
  }

  /** Plays the steps of one day, and returns when all are answered. */
  async play(steps: readonly Step[], onPlayed: (lines: number) => void): Promise<void> {
    const window = new WorkWindow(this.#run.inFlightMax);
    for (const step of steps) {
      if (step.kind === "order") await window.start(() => this.#reserve(step));
      else {
        await window.drained();
        await this.#cancel(step);
      }
      onPlayed(step.lines.length);
    }
    await window.drained();
  }

  /** Ends the stream in good order. */
  async end(): Promise<void> {
    await this.#stream.end();
  }

  /** Breaks the stream off; for a replay that failed. */
  cancel(): void {
    this.#stream.cancel();
  }

  async #reserve(step: Step): Promise<void> {
    const { tally, ledger, played, findings, fateOf } = this.#run;
    const fate = fateOf(step);
    const asked = this.#asked(step, { partial: fate.partial, commit: fate.ending === "commit at once" });
    const askedAtMs = performance.now();
    let response: ReserveResponse;
    try {
      response = await this.#ask(asked);
    } catch (error) {
      if (!(error instanceof HoldfastError) || exitCodeOf(error) !== EXIT_REFUSED) throw error;
      tally.refusedFor(error.reason || error.codeName, step.lines.length, performance.now() - askedAtMs);
      return;
    }
    tally.answered(response.outcome, step.lines.length, performance.now() - askedAtMs);
    const { fact, differences } = readReserveAnswer(asked, response);
    findings.push(...differences);
    if (fact === undefined || response.reservation === undefined) return;
    ledger.apply(fact);
    if (asked.commit) tally.committed += 1;
    const { reservationId } = response.reservation;
    played.set(reservationId, { reservationId, dealerId: asked.dealerId, orderId: asked.orderId, fate, dispatches: 0 });
  }

  #asked(step: Step, how: { partial: boolean; commit: boolean }): AskedOrder {
    const { world } = this.#run;
    const dealer = world.dealers.get(step.customerId);
    if (dealer === undefined) throw new Error(`customer ${step.customerId} is no dealer of this replay`);
    return { ...dealer, orderId: orderIdIn(world, step.orderId), lines: step.lines, ...how };
  }

  /** On the stream; where that fails with an outcome unknown, the same request again tells it. */
  async #ask(asked: AskedOrder): Promise<ReserveResponse> {
    const request = {
      requestId: `reserve-${asked.orderId}`,
      dealerId: asked.dealerId,
      orderId: asked.orderId,
      lines: asked.lines,
      fillPolicy: asked.partial ? FillPolicy.PARTIAL : FillPolicy.ALL_OR_NOTHING,
      holdDuration: asked.commit ? undefined : durationFromMs(HOLD_MS),
      commit: asked.commit,
    };
    try {
      return await this.#stream.reserve(request);
    } catch (error) {
      if (!canBeResolved(error)) throw error;
      return patiently(() => this.#run.client.reserve(request));
    }
  }

  async #cancel(step: Step): Promise<void> {
    const { world, ledger, played, tally, inFlightMax } = this.#run;
    const dealerId = world.dealers.get(step.customerId)?.dealerId ?? "";
    const own = [...played.values()].filter((each) => each.dealerId === dealerId).reverse();
    const latestFirst = own.map(({ reservationId }) => ledger.reservation(reservationId));
    const { releases, unmatchedLines } = planCancellation(step.lines, latestFirst);
    tally.unmatchedLines += unmatchedLines;
    await forEachAtMost(inFlightMax, releases, ([reservationId, lines]) =>
      this.#release({ dealerId, reservationId, lines, requestId: `cancel-${step.orderId}-${reservationId}` }),
    );
  }

  async #release(request: {
    dealerId: string;
    reservationId: string;
    lines: readonly PlannedLine[];
    requestId: string;
  }): Promise<void> {
    await patiently(() => this.#run.client.release({ ...request, reason: ReleaseReason.CANCELLED }));
    const { reservationId, lines } = request;
    this.#run.ledger.apply({ kind: "released", reservationId, lines });
    this.#run.tally.released += 1;
  }
}
