import type { Commit } from "../command.js";
import { coveredByLine } from "../coverage.js";
import type { PartitionState } from "../partition-state.js";
import { refusal } from "../refusal.js";
import { shortfall } from "../stock.js";
import { type Decision, type DecisionContext, decided, refused } from "./decision.js";
import { ownedReservation, quantitiesByLine, wrongState } from "./owned-reservation.js";

/** Confirms a hold. What a partial commit leaves is released; more than is covered in a shortfall is refused. */
export function decideCommit(
  state: PartitionState,
  number: number,
  command: Commit,
  context: DecisionContext,
): Decision {
  const reservation = ownedReservation(state, number, command);
  if ("reason" in reservation) return refused(reservation);
  if (reservation.state !== "PENDING") return refused(wrongState(reservation));
  const asked = quantitiesByLine(reservation, command.lines);
  if ("reason" in asked) return refused(asked);
  for (let index = 0; index < reservation.lines.length; index++) {
    const line = reservation.lines[index]!;
    const quantity = asked.quantities === undefined ? line.open : asked.quantities[index]!;
    if (quantity === 0) continue;
    const stock = state.stocks.get(line.stock)!;
    if (shortfall(stock) === 0) continue;
    const covered = coveredByLine(state, stock, reservation.number);
    if (quantity > covered) {
      return refused(
        refusal("STOCK_SHORTFALL", `${quantity} of ${line.sku} were to be committed; ${covered} are covered.`, {
          metadata: {
            reservation_id: reservation.id,
            sku: line.sku,
            requested: String(quantity),
            covered: String(covered),
          },
        }),
      );
    }
  }
  const { isProvisional } = context;
  return decided(number, [
    { kind: "ReservationCommitted", reservation: number, quantities: asked.quantities, provisional: isProvisional },
  ]);
}
