/** A watch as a table that is drawn again with each update; what has just changed stands out. */
import { AvailabilityLevel, type AvailabilityUpdate, type AvailabilityWatch } from "../../client/index.js";
import type { Terminal } from "../session.js";
import { availableAsTold, describeFreshness } from "../views/availability-view.js";
import { renderTable } from "../views/table.js";
import type { WatchPrinter } from "./update-lines.js";

const CLEAR = "\u001b[2J\u001b[H";
/** The title, and the lines below the table. */
const OTHER_LINES = 5;
const USUAL_ROWS = 24;

export class LiveTable implements WatchPrinter {
  readonly #terminal: Terminal;
  readonly #height: () => number;
  #watch: AvailabilityWatch | undefined;
  #changed: ReadonlySet<string> = new Set();
  #lost: string | undefined;

  constructor(terminal: Terminal, height = () => process.stdout.rows ?? USUAL_ROWS) {
    this.#terminal = terminal;
    this.#height = height;
  }

  told(update: AvailabilityUpdate, watch: AvailabilityWatch): void {
    this.#watch = watch;
    this.#lost = undefined;
    if (update.kind === "changes") this.#changed = new Set(update.availability.map(({ sku }) => sku));
    else if (update.kind !== "freshness") this.#changed = new Set();
    this.#draw();
  }

  lost(why: string): void {
    this.#lost = why;
    this.#draw();
  }

  #draw(): void {
    const all = [...(this.#watch?.stocks.values() ?? [])].sort((a, b) => (a.sku < b.sku ? -1 : 1));
    const room = Math.max(1, this.#height() - OTHER_LINES);
    // Where there are more than fit, what has just changed comes first.
    const stocks =
      all.length <= room ? all : all.toSorted((a, b) => Number(this.#isChanged(b)) - Number(this.#isChanged(a)));
    const rows = stocks.slice(0, room).map((stock) => {
      const row = [stock.warehouseId, stock.sku, availableAsTold(stock), AvailabilityLevel[stock.level] ?? "?"];
      return [...row, this.#isChanged(stock) ? "changed" : ""];
    });
    const table = renderTable(
      [
        { title: "WAREHOUSE" },
        { title: "SKU" },
        { title: "AVAILABLE", align: "right" },
        { title: "LEVEL" },
        { title: "" },
      ],
      rows,
    );
    const more = all.length > room ? `\n${all.length - room} more` : "";
    const state =
      this.#lost === undefined
        ? describeFreshness(this.#watch?.freshness)
        : `disconnected, trying again: ${this.#lost}`;
    this.#terminal.print(`${CLEAR}${table}${more}\n\n${state}`);
  }

  #isChanged({ sku }: { readonly sku: string }): boolean {
    return this.#changed.has(sku);
  }
}
