import { type Damage, fileKind } from "./damages.js";

/** Counts outcomes by kind of file and kind of damage; its text is a Markdown table. */
export class OutcomeTable {
  readonly #counts = new Map<string, Map<string, number>>();

  count(damage: Damage, outcome: string): void {
    const row = `${fileKind(damage.path)} | ${damage.kind}`;
    const outcomes = this.#counts.get(row) ?? new Map<string, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#counts.set(row, outcomes);
  }

  text(): string {
    const columns = [...new Set([...this.#counts.values()].flatMap((outcomes) => [...outcomes.keys()]))].sort();
    const rows = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return [
      `| file | damage | ${columns.join(" | ")} |`,
      `|---|---|${columns.map(() => "---|").join("")}`,
      ...rows.map(
        ([row, outcomes]) => `| ${row} | ${columns.map((column) => outcomes.get(column) ?? "").join(" | ")} |`,
      ),
    ].join("\n");
  }
}
