/** Reads what the server says at the end, every page of it. */
import {
  type Availability,
  everyPage,
  GrpcStatus,
  type HoldfastClient,
  HoldfastError,
  type Reservation,
} from "../../client/index.js";
import type { Ledger } from "./ledger.js";
import type { ReplayWorld } from "./replay-world.js";
import { forEachAtMost } from "./work-window.js";

const PAGE_SIZE = 1_000;

/** Every stock of the replay's warehouses. */
export async function readStocks(client: HoldfastClient, world: ReplayWorld): Promise<Availability[]> {
  const stocks: Availability[] = [];
  for (const warehouseId of world.warehouseIds) {
    const fetch = (pageToken: string) => client.getAvailability({ warehouseId, pageSize: PAGE_SIZE, pageToken });
    for await (const page of everyPage(fetch)) stocks.push(...page.availability);
  }
  return stocks;
}

/** Every reservation of the replay's dealers, as the lists have them. */
export async function listReservations(
  client: HoldfastClient,
  world: ReplayWorld,
  inFlightMax: number,
): Promise<Reservation[]> {
  const reservations: Reservation[] = [];
  await forEachAtMost(inFlightMax, world.dealers.values(), async ({ dealerId }) => {
    const fetch = (pageToken: string) => client.listReservations({ dealerId, pageSize: PAGE_SIZE, pageToken });
    for await (const page of everyPage(fetch)) reservations.push(...page.reservations);
  });
  return reservations;
}

/** Every reservation of the record, asked for one by one; those that are not found are left out. */
export async function getReservations(
  client: HoldfastClient,
  ledger: Ledger,
  inFlightMax: number,
): Promise<Reservation[]> {
  const reservations: Reservation[] = [];
  await forEachAtMost(inFlightMax, ledger.reservations(), async ({ reservationId, dealerId }) => {
    try {
      const { reservation } = await client.getReservation({ reservationId, dealerId });
      if (reservation !== undefined) reservations.push(reservation);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== GrpcStatus.NOT_FOUND) throw error;
    }
  });
  return reservations;
}
