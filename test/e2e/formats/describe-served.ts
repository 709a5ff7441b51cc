import { everyPage, type HoldfastClient, ReservationState } from "../../../src/client/index.js";

/** What a server says of everything that is to outlive versions; a hold that has fallen due since is as good as it was. */
export async function describeServed(client: HoldfastClient): Promise<unknown> {
  const reservations: object[] = [];
  for await (const page of everyPage((pageToken) =>
    client.listReservations({ dealerId: "d-1", pageSize: 1_000, pageToken }),
  )) {
    for (const { reservationId, orderId, state, lines, revision, reopenedFrom } of page.reservations) {
      const isHold = state === ReservationState.PENDING || orderId === "pending";
      const shown = isHold
        ? {}
        : {
            state: ReservationState[state],
            revision,
            lines: lines.map((line) => [line.sku, line.requested, line.committed, line.dispatched, line.released]),
          };
      reservations.push({ reservationId, orderId, reopenedFrom, ...shown });
    }
  }
  const { availability } = await client.getAvailability({ warehouseId: "north" });
  const figures = availability.map(({ sku, onHand, unavailable, committed, allocatedElsewhere, safetyStock }) => ({
    sku,
    onHand,
    unavailable,
    committed,
    allocatedElsewhere,
    safetyStock,
  }));
  const { dealers } = await client.listDealers({});
  const { source } = await client.getSource({ source: "erp" });
  const { deadLetters } = await client.listDeadLetters({});
  const { exceptions } = await client.listDispatchExceptions({ warehouseId: "north" });
  const { discrepancies } = await client.listDiscrepancies({ warehouseId: "north" });
  return plain({
    reservations,
    figures,
    dealers: dealers.map(({ dealerId, name, warehouseId }) => [dealerId, name, warehouseId]),
    source: { applied: source?.appliedSequence, warehouseIds: source?.warehouseIds },
    deadLetters: deadLetters.map(({ event, reason }) => [event?.eventId, reason]),
    exceptions: exceptions.map(({ event, quantity, reason }) => [event?.eventId, quantity, reason]),
    discrepancies: discrepancies.map(({ runId, sku, ourOnHand, theirOnHand }) => [runId, sku, ourOnHand, theirOnHand]),
  });
}

/** As it is once it was JSON. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part) => (typeof part === "bigint" ? Number(part) : part)));
}
