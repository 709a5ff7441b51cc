/** A watch as lines, for a pipe: first everything, then one line for each change. */
import {
  type Availability,
  AvailabilityLevel,
  type AvailabilityUpdate,
  type AvailabilityWatch,
  type FreshnessState,
} from "../../client/index.js";
import type { Terminal } from "../session.js";
import { availableAsTold, describeFreshness } from "../views/availability-view.js";
import { formatTime } from "../views/format.js";

/** Shows a watch; `watch` has everything up to the update. */
export interface WatchPrinter {
  told(update: AvailabilityUpdate, watch: AvailabilityWatch): void;
  /** The server is away; the watch goes on when it is back. */
  lost(why: string): void;
}

export class UpdateLines implements WatchPrinter {
  readonly #terminal: Terminal;
  #state: FreshnessState | undefined;
  #isLost = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  told(update: AvailabilityUpdate): void {
    if (this.#isLost) this.#terminal.printError("connected again");
    this.#isLost = false;
    if (update.kind === "reset") this.#terminal.print(`reset: ${update.reason}`);
    else if (update.kind !== "freshness") for (const stock of update.availability) this.#terminal.print(lineOf(stock));
    if (update.freshness?.state === this.#state) return;
    this.#state = update.freshness?.state;
    this.#terminal.print(describeFreshness(update.freshness));
  }

  lost(why: string): void {
    if (!this.#isLost) this.#terminal.printError(`disconnected, trying again: ${why}`);
    this.#isLost = true;
  }
}

function lineOf(stock: Availability): string {
  const time = stock.updateTime === undefined ? "-" : formatTime(stock.updateTime);
  return `${time}  ${stock.warehouseId}  ${stock.sku}  ${availableAsTold(stock)}  ${AvailabilityLevel[stock.level] ?? "?"}`;
}
