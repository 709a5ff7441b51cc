/** What the parts of one replay share: the server, the world, the record, the tally and the findings. */
import type { HoldfastClient } from "../../client/index.js";
import type { Ledger } from "./ledger.js";
import type { OrderFate } from "./order-fate.js";
import type { Difference } from "./recount.js";
import type { Step } from "./replay-plan.js";
import type { ReplayWorld } from "./replay-world.js";
import type { Tally } from "./tally.js";

/** A reservation that the replay made and may still do something with. */
export interface PlayedReservation {
  readonly reservationId: string;
  readonly dealerId: string;
  readonly orderId: string;
  readonly fate: OrderFate;
  /** How often a part of it was dispatched. */
  dispatches: number;
}

export interface ReplayRun {
  readonly client: HoldfastClient;
  readonly world: ReplayWorld;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly fateOf: (step: Step) => OrderFate;
  /** In the order of their grant; ended ones are taken out at the end of a day. */
  readonly played: Map<string, PlayedReservation>;
  /** What was seen while playing and is not explained by the record. */
  readonly findings: Difference[];
  /** Calls under way at a time, for each warehouse. */
  readonly inFlightMax: number;
}
