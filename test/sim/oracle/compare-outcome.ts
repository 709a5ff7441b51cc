/** Compares what the service settled with, with what the model expects. Knows the shapes of real answers, and no rules. */
import type { EventDisposition, SourceStatus } from "../../../src/actor/service.js";
import type {
  Dealer,
  GetStockAnswer,
  ListReservationsAnswer,
  PolicyAnswer,
  ReservationAnswer,
  ReserveAnswer,
} from "../../../src/domain/command.js";
import type { DriftCounts } from "../../../src/domain/drift.js";
import type { ErpOperationAnswers } from "../../../src/domain/erp-operations.js";
import type { StoredException } from "../../../src/domain/partition-state.js";
import type { Refusal } from "../../../src/domain/refusal.js";
import type { Reservation } from "../../../src/domain/reservation.js";
import type { SourceView } from "../../../src/domain/source-view.js";
import type { SyncHealth } from "../../../src/domain/sync-health.js";
import type { DeadLetter } from "../../../src/domain/system-state.js";
import {
  compareAtRisk,
  compareException,
  compareExceptions,
  compareHealth,
  compareLetter,
  compareLetters,
  compareSource,
  compareSources,
} from "./compare-operations.js";
import { compareFigures, compareFreshness, compareReservation, same, within } from "./compare-parts.js";
import { PageScans } from "./page-scans.js";
import type {
  ActualOutcome,
  AtRiskPicture,
  Decision,
  Expected,
  ExpectedAnswer,
  ReservationPicture,
} from "./request.js";
import { ReservationIds } from "./reservation-ids.js";
import { Sightings } from "./sightings.js";

type ExpectedOf<K extends ExpectedAnswer["kind"]> = Extract<ExpectedAnswer, { kind: K }>;

export class OutcomeComparison {
  readonly ids: ReservationIds;
  readonly sightings = new Sightings();
  readonly #scans = new PageScans();

  constructor(ids = new ReservationIds()) {
    this.ids = ids;
  }

  differences(decision: Decision, actual: ActualOutcome): string[] {
    const { expected } = decision;
    if (actual.kind === "failed") return [`the service failed: ${String(actual.cause)}`];
    if (actual.kind === "refused") {
      return expected.kind === "refused"
        ? compareRefusal(actual.refusal, expected)
        : [`refused with ${actual.refusal.reason}, expected ${describe(expected.answer)}`];
    }
    if (expected.kind === "refused") return [`answered, expected a refusal with ${expected.reasons.join(" or ")}`];
    return this.#answer(decision, expected.answer, actual.value);
  }

  #answer(decision: Decision, expected: ExpectedAnswer, actual: unknown): string[] {
    switch (expected.kind) {
      case "reserve":
        return this.#reserve(decision, expected, actual as ReserveAnswer);
      case "reservation":
        return this.#single(decision, expected, actual as ReservationAnswer);
      case "list":
        return this.#list(decision, expected, actual as ListReservationsAnswer);
      case "stock":
        return this.#stock(decision, expected, actual as GetStockAnswer);
      case "deadLetters":
        return compareLetters(decision, actual as ErpOperationAnswers["ListDeadLetters"], expected.letters);
      case "deadLetter":
        return compareLetter(actual as DeadLetter, expected.letter);
      case "exceptions":
        return compareExceptions(
          decision,
          actual as ErpOperationAnswers["ListDispatchExceptions"],
          expected.exceptions,
        );
      case "exception":
        return compareException(actual as StoredException, expected.exception);
      case "atRisk":
        return this.#atRisk(decision, actual as ErpOperationAnswers["ListAtRisk"], expected.lines);
      case "resolved":
        return [
          ...same("whether it is kept", (actual as Reservation).isKept, expected.reservation.kept),
          ...this.#known(decision, expected.reservation, actual as Reservation),
        ];
      case "source":
        return compareSource(actual as SourceView, expected.source);
      case "sources":
        return compareSources(decision, actual as ErpOperationAnswers["ListSources"], expected.sources);
      case "skipped":
      case "moved": {
        const { kind, ...wanted } = expected;
        return same(kind, actual, wanted);
      }
      case "positions":
        return [];
      case "drift": {
        const { causes: _, quarantined: __, missingThere: ___, ...counts } = actual as DriftCounts;
        return same("what the run came to", counts, expected.counts);
      }
      case "health":
        return compareHealth(actual as SyncHealth, expected.health);
      case "dealer":
        return same("dealer", actual as Dealer, expected.dealer);
      case "policy": {
        const { scope, fields, effective } = actual as PolicyAnswer;
        const { kind: _, ...wanted } = expected;
        return same("policy", { scope, fields, effective }, wanted);
      }
      case "disposition": {
        const { disposition, reason, missing } = actual as EventDisposition;
        const { kind: _, ...wanted } = expected;
        return same("disposition", { disposition, reason, missing }, wanted);
      }
      case "sourceStatus":
        return compareStatus(expected, actual as SourceStatus);
    }
  }

  #reserve(decision: Decision, expected: ExpectedOf<"reserve">, actual: ReserveAnswer): string[] {
    const { reservation } = actual;
    const differences = [
      ...same("outcome", actual.outcome, expected.outcome),
      ...same("shortages", actual.shortages, expected.shortages),
      ...compareFreshness(actual.freshness, expected.freshness),
    ];
    if (reservation === undefined || expected.reservation === undefined) {
      return [...differences, ...same("a reservation", reservation !== undefined, expected.reservation !== undefined)];
    }
    return [...differences, ...this.#known(decision, expected.reservation, reservation)];
  }

  #single(decision: Decision, expected: ExpectedOf<"reservation">, actual: ReservationAnswer): string[] {
    return [
      ...this.#known(decision, expected.reservation, actual.reservation),
      ...compareFreshness(actual.freshness, expected.freshness),
    ];
  }

  #known(decision: Decision, expected: ReservationPicture, actual: Reservation): string[] {
    return [
      ...this.ids.learn(actual.id, expected.number),
      ...this.ids.predecessor(actual, expected),
      ...compareReservation(actual, expected, decision.nowMs),
      ...(isRead(decision) ? this.sightings.reservation(decision.mark, actual) : []),
    ];
  }

  #list(decision: Decision, expected: ExpectedOf<"list">, actual: ListReservationsAnswer): string[] {
    const { request } = decision;
    if (request.kind !== "command" || request.command.kind !== "ListReservations") return ["a list was not asked for"];
    const { pageToken, pageSize, ...query } = request.command;
    const { found, differences } = this.#each(decision, actual.reservations, expected.matching);
    const { nextPageToken: nextToken } = actual;
    const page = { query: JSON.stringify(query), token: pageToken, nextToken, given: found };
    return [
      ...differences,
      ...within("length of the page", actual.reservations.length, 0, pageSize),
      ...this.#scans.turn(page, expected.matching),
    ];
  }

  #stock(decision: Decision, expected: ExpectedOf<"stock">, actual: GetStockAnswer): string[] {
    const { request } = decision;
    if (request.kind !== "command" || request.command.kind !== "GetStock") return ["a stock was not asked for"];
    const { pageToken, pageSize, warehouseId, sku } = request.command;
    const { found, differences } = this.#each(decision, actual.reservations, expected.open);
    const inOrder = expected.open.filter((one) => found.includes(one.number)).map((one) => one.number);
    const exceptions = actual.exceptions.map(({ event, quantity, reason }) => {
      return { eventId: event.eventId, quantity, reason };
    });
    const page = {
      query: `${warehouseId}\n${sku}`,
      token: pageToken,
      nextToken: actual.nextPageToken,
      given: found,
    };
    return [
      ...same("warehouse_id", actual.warehouseId, warehouseId),
      ...compareFigures(actual.figures, expected.figures),
      ...this.sightings.figures(decision.mark, warehouseId, actual.figures),
      ...differences,
      ...same("order of coverage", found, inOrder),
      ...within("length of the page", actual.reservations.length, 0, pageSize),
      ...this.#scans.turn(page, expected.open),
      ...same("last_events", actual.lastEvents, expected.lastEvents),
      ...same("exceptions", exceptions, expected.exceptions.slice(0, Math.max(exceptions.length, 100))),
    ];
  }

  #atRisk(decision: Decision, actual: ErpOperationAnswers["ListAtRisk"], expected: readonly AtRiskPicture[]): string[] {
    const { differences, pairs } = compareAtRisk(decision, actual, expected);
    return [
      ...differences,
      ...pairs.flatMap(([real, picture]) => this.#known(decision, picture.reservation, real.reservation)),
    ];
  }

  #each(decision: Decision, actual: readonly Reservation[], among: readonly ReservationPicture[]) {
    const differences: string[] = [];
    const found: number[] = [];
    for (const real of actual) {
      const expected = this.ids.find(real, among);
      if (expected === undefined) {
        differences.push(`reservation ${real.id} (${real.state}) should not be there`);
        continue;
      }
      found.push(expected.number);
      differences.push(...this.#known(decision, expected, real));
    }
    return { found, differences };
  }
}

/** Repeats of first answers are of the past; what a read shows stands now. */
function isRead({ request }: Decision): boolean {
  return (
    request.kind === "command" &&
    ["GetReservation", "ListReservations", "GetStock", "ListAtRisk"].includes(request.command.kind)
  );
}

function compareRefusal(actual: Refusal, expected: Extract<Expected, { kind: "refused" }>): string[] {
  if (!expected.reasons.includes(actual.reason)) {
    return [`refused with ${actual.reason}, expected ${expected.reasons.join(" or ")}`];
  }
  const named = Object.values(actual.metadata).join(" ");
  const unnamed = expected.names.filter((name) => !named.includes(name));
  return unnamed.map((name) => `${actual.reason} does not name ${name} in its metadata`);
}

function compareStatus(expected: ExpectedOf<"sourceStatus">, actual: SourceStatus): string[] {
  const reads = actual.state === "CATCHING_UP" || actual.state === "RECONCILING" ? "LAGGING" : actual.state;
  const { states, asOfMinMs, asOfMaxMs } = expected.said;
  return [
    ...same("I12: applied_sequence", actual.appliedSequence, expected.appliedSequence),
    ...same("gaps", actual.gaps, expected.gaps),
    ...(states.includes(reads) ? [] : [`source state is ${actual.state}, expected ${states.join(" or ")}`]),
    ...within("last_event_time", actual.lastEventAtMs, asOfMinMs, asOfMaxMs),
  ];
}

function describe(answer: ExpectedAnswer): string {
  return answer.kind === "reserve" ? answer.outcome : `an answer (${answer.kind})`;
}
