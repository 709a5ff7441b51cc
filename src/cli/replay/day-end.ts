/**
 * What happens when the orders of a day are in: chosen holds are confirmed, chosen orders leave the warehouse, chosen
 * holds run out. No reservation is under way meanwhile (ledger.ts, 1).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { durationFromMs, HoldfastError, ReservationState } from "../../client/index.js";
import type { ErpFeed, EventBody } from "./erp-feed.js";
import { type LedgerReservation, openUnits } from "./ledger.js";
import { patiently } from "./patience.js";
import type { PlannedLine } from "./replay-plan.js";
import type { PlayedReservation, ReplayRun } from "./replay-run.js";
import { forEachAtMost } from "./work-window.js";

/** What is to expire gets this little time to live. */
const LAST_HOLD_MS = 400;
const EXPIRY_POLL_MS = 50;
/** A hold that still stands this long after its deadline is reported, not waited for. */
const EXPIRY_PATIENCE_MS = 30_000;

export async function endDay(run: ReplayRun, feed: ErpFeed): Promise<void> {
  await forEachAtMost(run.inFlightMax, toCommit(run), (played) => commit(run, played));
  await dispatch(run, feed);
  await forEachAtMost(run.inFlightMax, pendingWithEnding(run, "expire"), (played) => shorten(run, played));
  await forEachAtMost(run.inFlightMax, pendingWithEnding(run, "expire"), (played) => awaitExpiry(run, played));
  await feed.heartbeat();
  for (const { reservationId } of [...run.played.values()]) {
    const open = [...run.ledger.reservation(reservationId).lines.values()].some((line) => openUnits(line) > 0);
    if (!open) run.played.delete(reservationId);
  }
}

function toCommit(run: ReplayRun): PlayedReservation[] {
  return [...pendingWithEnding(run, "commit"), ...pendingWithEnding(run, "commit half")];
}

function pendingWithEnding(run: ReplayRun, ending: PlayedReservation["fate"]["ending"]): PlayedReservation[] {
  return [...run.played.values()].filter(
    ({ reservationId, fate }) => fate.ending === ending && run.ledger.reservation(reservationId).state === "PENDING",
  );
}

async function commit(run: ReplayRun, { reservationId, dealerId, fate }: PlayedReservation): Promise<void> {
  const half = fate.ending === "commit half";
  const lines = unitsOf(run.ledger.reservation(reservationId), "reserved", half);
  const request = { requestId: `commit-${reservationId}`, dealerId, reservationId, lines: half ? lines : [] };
  await asExpected(run, `commit of ${reservationId}`, async () => {
    await patiently(() => run.client.commit(request));
    run.ledger.apply({ kind: "committed", reservationId, lines });
    run.tally.committed += 1;
  });
}

/** Sends the day's dispatches; each consumes committed units of its reservation, as the fate says. */
async function dispatch(run: ReplayRun, feed: ErpFeed): Promise<void> {
  const shipped: { reservationId: string; sku: string; quantity: number }[] = [];
  const bodies: EventBody[] = [];
  for (const played of run.played.values()) {
    const reservation = run.ledger.reservation(played.reservationId);
    const part = partToDispatch(played);
    if (reservation.state !== "COMMITTED" || part === "none") continue;
    played.dispatches += 1;
    for (const { sku, quantity } of unitsOf(reservation, "committed", part === "half")) {
      shipped.push({ reservationId: played.reservationId, sku, quantity });
      bodies.push(dispatchOf(reservation, played, { sku, quantity }));
    }
  }
  await feed.send(bodies, (index) => {
    const each = shipped[index];
    if (each !== undefined) run.ledger.apply({ kind: "dispatched", ...each });
  });
}

function partToDispatch({ fate, dispatches }: PlayedReservation): "none" | "half" | "rest" {
  switch (fate.dispatch) {
    case "none":
      return "none";
    case "whole":
      return "rest";
    case "two halves":
      return dispatches === 0 ? "half" : "rest";
    case "first half":
      return dispatches === 0 ? "half" : "none";
  }
}

function dispatchOf(reservation: LedgerReservation, played: PlayedReservation, line: PlannedLine): EventBody {
  const { warehouseId, reservationId, orderId, dealerId } = reservation;
  const named = played.fate.dispatchBy === "reservation" ? { reservationId } : { orderId, dealerId };
  return { case: "orderDispatched", value: { warehouseId, ...line, ...named } };
}

async function shorten(run: ReplayRun, { reservationId, dealerId }: PlayedReservation): Promise<void> {
  const holdDuration = durationFromMs(LAST_HOLD_MS);
  const request = { requestId: `shorten-${reservationId}`, dealerId, reservationId, holdDuration };
  await asExpected(run, `extension of ${reservationId}`, () => patiently(() => run.client.extend(request)));
}

/** The record expires the hold whatever the server says; a server that does not is found by the recount. */
async function awaitExpiry(run: ReplayRun, { reservationId, dealerId }: PlayedReservation): Promise<void> {
  const givenUpAtMs = performance.now() + EXPIRY_PATIENCE_MS;
  await sleep(LAST_HOLD_MS);
  while (performance.now() < givenUpAtMs) {
    const { reservation } = await run.client.getReservation({ reservationId, dealerId });
    if (reservation?.state !== ReservationState.PENDING) break;
    await sleep(EXPIRY_POLL_MS);
  }
  run.ledger.apply({ kind: "expired", reservationId });
}

/** The open units of each line, or the larger half of them. */
function unitsOf(reservation: LedgerReservation, open: "reserved" | "committed", half: boolean): PlannedLine[] {
  return [...reservation.lines.values()]
    .filter((line) => line[open] > 0)
    .map((line) => ({ sku: line.sku, quantity: half ? Math.ceil(line[open] / 2) : line[open] }));
}

/** A refusal here contradicts the record: it is a finding, and the replay goes on. */
async function asExpected(run: ReplayRun, subject: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.reason === "") throw error;
    run.findings.push({ subject, field: "answer", expected: "done", found: error.reason });
  }
}
