/** The mutating methods in the turn: first answer to a retry, otherwise decide, record with the answer, answer (P5, I4). */
import { assert } from "../../domain/assertion.js";
import type { Answers, Commit, Extend, Release, Reserve } from "../../domain/command.js";
import { decideCommit } from "../../domain/decide/commit.js";
import type { Decision, DecisionContext } from "../../domain/decide/decision.js";
import { decideExtend } from "../../domain/decide/extend.js";
import { reservationNotFound } from "../../domain/decide/owned-reservation.js";
import { decideRelease } from "../../domain/decide/release.js";
import { decideReserve } from "../../domain/decide/reserve.js";
import type { Fingerprint, RequestAnswered } from "../../domain/event.js";
import { answerRecord, fingerprintOf, type MutatingCommand, reservationAsShown } from "../../domain/idempotency.js";
import { type Refusal, refusal } from "../../domain/refusal.js";
import { parseReservationId } from "../../domain/reservation-id.js";
import { LIMITS } from "../../limits.js";
import type { PartitionStore } from "../../snapshots/partition-store.js";
import { overloaded } from "../refusals.js";
import type { Turn } from "../turn.js";
import { type DealerRules, homeOf } from "./dealer-warehouse.js";

/** What every mutating method answers; only Reserve has an outcome to tell, the others are DONE. */
type Answer = Omit<Answers["Reserve"], "outcome"> & { readonly outcome: RequestAnswered["outcome"] };
type Result<A> = { readonly answer: A } | { readonly refusal: Refusal };

export interface MutatingSettings extends DealerRules {
  /** Remembered answers at which new requests are refused. */
  readonly answersMax: number;
}

export function mutatingHandlers(settings: MutatingSettings) {
  const mutate = (
    turn: Turn,
    partition: PartitionStore,
    command: MutatingCommand,
    decide: (context: DecisionContext) => Decision,
  ): Result<Answer> => {
    const fingerprint = fingerprintOf(command);
    const known = partition.answers.find(command.dealerId, command.requestId, turn.nowMs);
    if (known !== undefined) return repeat(partition, known, command, fingerprint);
    if (turn.store.answersKept >= settings.answersMax) {
      if (turn.store.hasExpiredAnswers(turn.nowMs)) turn.wantCheckpoint();
      return { refusal: overloaded("memory of requests", {}, LIMITS.answersRetryMs) };
    }
    return decideNew(turn, partition, command, fingerprint, decide);
  };
  const onReservation = <C extends Commit | Release | Extend>(
    turn: Turn,
    command: C,
    decide: (partition: PartitionStore, number: number, context: DecisionContext) => Decision,
  ): Result<Answers["Commit"]> => {
    const parts = parseReservationId(command.reservationId, (epoch) => turn.system.nonce(epoch));
    const partition = parts === undefined ? undefined : turn.store.partitions.get(parts.partition);
    if (parts === undefined || partition === undefined) {
      return { refusal: reservationNotFound(command.reservationId) };
    }
    const result = mutate(turn, partition, command, (context) => decide(partition, parts.number, context));
    if ("refusal" in result) return result;
    const { reservation, freshness } = result.answer;
    return { answer: { reservation: reservation!, freshness } };
  };
  return {
    Reserve(turn: Turn, command: Reserve): Result<Answers["Reserve"]> {
      const home = homeOf(turn, command, settings);
      if ("refusal" in home) return home;
      const result = mutate(turn, home.partition, command, (context) =>
        home.notAssigned === undefined
          ? decideReserve(home.partition, command, context)
          : { kind: "refused", refusal: home.notAssigned },
      );
      assert("refusal" in result || result.answer.outcome !== "DONE", "a Reserve has an outcome to tell");
      return result as Result<Answers["Reserve"]>;
    },
    Commit: (turn: Turn, command: Commit) =>
      onReservation(turn, command, (partition, number, context) => decideCommit(partition, number, command, context)),
    Release: (turn: Turn, command: Release) =>
      onReservation(turn, command, (partition, number) => decideRelease(partition, number, command)),
    Extend: (turn: Turn, command: Extend) =>
      onReservation(turn, command, (partition, number, context) => decideExtend(partition, number, command, context)),
  };
}

function repeat(
  partition: PartitionStore,
  known: RequestAnswered,
  command: MutatingCommand,
  fingerprint: Fingerprint,
): Result<Answer> {
  if (known.fingerprint.high !== fingerprint.high || known.fingerprint.low !== fingerprint.low) {
    return {
      refusal: refusal("REQUEST_ID_REUSED", `request_id ${command.requestId} was used for another request.`, {
        metadata: { request_id: command.requestId, dealer_id: command.dealerId, method: known.method },
      }),
    };
  }
  const reservation =
    known.shown === undefined
      ? undefined
      : reservationAsShown(partition.reservations.get(known.reservation)!, known.shown);
  const { outcome, shortages, freshness } = known;
  return { answer: { outcome, reservation, shortages, freshness } };
}

function decideNew(
  turn: Turn,
  partition: PartitionStore,
  command: MutatingCommand,
  fingerprint: Fingerprint,
  decide: (context: DecisionContext) => Decision,
): Result<Answer> {
  const context = turn.context(partition, command.dealerId);
  const decision = decide(context);
  if (decision.kind === "refused") return { refusal: decision.refusal };
  const { freshness } = context;
  const reservation = () => (decision.reservation === 0 ? undefined : partition.reservations.get(decision.reservation));
  turn.record(partition, decision.events, () =>
    answerRecord(command, fingerprint, {
      outcome: decision.outcome,
      reservation: reservation(),
      shortages: decision.shortages,
      freshness,
      answeredAtMs: turn.nowMs,
    }),
  );
  const { outcome, shortages } = decision;
  return { answer: { outcome, reservation: reservation(), shortages, freshness } };
}
