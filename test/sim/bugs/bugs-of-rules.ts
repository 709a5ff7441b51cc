/** Deliberate bugs in what is decided and in what a decision does. */
import type { DeliberateBug } from "./deliberate-bug.js";
import { replaceIn } from "./deliberate-bug.js";

type Evolve = typeof import("../../../src/domain/evolve.js");
type Reserve = typeof import("../../../src/domain/decide/reserve.js");
type Owned = typeof import("../../../src/domain/decide/owned-reservation.js");
type Idempotency = typeof import("../../../src/domain/idempotency.js");
type Answers = typeof import("../../../src/snapshots/answer-store.js");
type Ingest = typeof import("../../../src/erp/ingest.js");
type Expiry = typeof import("../../../src/actor/expiry.js");
type Coverage = typeof import("../../../src/domain/coverage.js");

export const BUGS_OF_RULES: readonly DeliberateBug[] = [
  {
    name: "a timer decides: a hold counts until its timer has run",
    seeds: 10,
    shows: /I9|RESERVATION_EXPIRED|expected/,
    plant() {
      // Without its own turn, an expiry waits for one that has nothing else to do.
      replaceIn<Expiry>("actor/expiry.js", (original) => {
        let turns = 0;
        return {
          expireDue(turn, expiriesMax) {
            turns += 1;
            return turns % 4 === 0 ? original.expireDue(turn, expiriesMax) : turn.nowMs + 1;
          },
        };
      });
      return {};
    },
  },
  {
    name: "the request id is not stored",
    seeds: 3,
    shows: /expected/,
    plant() {
      replaceIn<Answers>("snapshots/answer-store.js", (original) => {
        original.AnswerStore.prototype.find = () => undefined;
        return {};
      });
      return {};
    },
  },
  {
    name: "a request id with other content gets the first answer",
    seeds: 20,
    shows: /REQUEST_ID_REUSED/,
    plant() {
      replaceIn<Idempotency>("domain/idempotency.js", () => ({ fingerprintOf: () => ({ high: 1, low: 1 }) }));
      return {};
    },
  },
  {
    name: "duplicate SKUs of an order are not summed",
    seeds: 5,
    shows: /requested|lines|shortages/,
    plant() {
      replaceIn<Reserve>("domain/decide/reserve.js", (original) => ({
        decideReserve(state, command, context) {
          const lines = command.lines.filter(
            ({ sku }, index) => command.lines.findIndex((line) => line.sku === sku) === index,
          );
          return original.decideReserve(state, { ...command, lines }, context);
        },
      }));
      return {};
    },
  },
  {
    name: "an expiry is counted twice",
    seeds: 5,
    shows: /reserved|figures|I2|I1/,
    plant() {
      replaceIn<Evolve>("domain/evolve.js", (original) => ({
        evolve(state, event, stamp, touched) {
          original.evolve(state, event, stamp, touched);
          if (event.kind !== "HoldExpired") return;
          const [line] = state.reservations.get(event.reservation)!.lines;
          if (line !== undefined && line.stock > 0) state.stocks.touch(line.stock).reserved -= line.released;
        },
      }));
      return {};
    },
  },
  {
    name: "a dispatch frees its units twice",
    seeds: 40,
    shows: /committed|figures|I2|I1|available|revision/,
    plant() {
      replaceIn<Evolve>("domain/evolve.js", (original) => ({
        evolve(state, event, stamp, touched) {
          original.evolve(state, event, stamp, touched);
          if (event.kind !== "UnitsDispatched") return;
          const line = state.reservations.get(event.reservation)!.lines[event.line]!;
          state.stocks.touch(line.stock).committed -= event.quantity;
        },
      }));
      return {};
    },
  },
  {
    name: "a partial commit keeps the rest",
    seeds: 30,
    shows: /lines/,
    plant() {
      replaceIn<Evolve>("domain/evolve.js", (original) => ({
        evolve(state, event, stamp, touched) {
          const isPartial = event.kind === "ReservationCommitted" && event.quantities !== undefined;
          original.evolve(state, isPartial ? { ...event, quantities: undefined } : event, stamp, touched);
        },
      }));
      return {};
    },
  },
  {
    name: "a late ERP event is applied out of order",
    seeds: 5,
    shows: /BUFFERED/,
    plant() {
      replaceIn<Ingest>("erp/ingest.js", (original) => ({
        takeErpEvent(turn, event, freshness) {
          const next = (turn.system.source(event.source)?.applied ?? 0) + 1;
          return original.takeErpEvent(turn, event.sequence > next ? { ...event, sequence: next } : event, freshness);
        },
      }));
      return {};
    },
  },
  {
    name: "a reservation can be changed by another dealer",
    seeds: 5,
    shows: /RESERVATION_NOT_FOUND/,
    plant() {
      replaceIn<Owned>("domain/decide/owned-reservation.js", (original) => ({
        ownedReservation(state, number, command) {
          const dealerId = state.reservations.get(number)?.dealerId ?? command.dealerId;
          return original.ownedReservation(state, number, { ...command, dealerId });
        },
      }));
      return {};
    },
  },
  {
    name: "a commit is let through though a shortfall leaves it uncovered",
    seeds: 60,
    shows: /STOCK_SHORTFALL/,
    plant() {
      replaceIn<Coverage>("domain/coverage.js", () => ({ coveredByLine: () => Number.MAX_SAFE_INTEGER }));
      return {};
    },
  },
];
