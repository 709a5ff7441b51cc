import Table from "cli-table3";

/** A column: its title, and `right` for figures. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Rows in aligned columns, without borders, so that it reads well on a terminal and in a pipe. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | bigint | number)[])[],
): string {
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => row.map(String)));
  return trimLines(table.toString());
}

/** Names and values, one pair a line. */
export function renderPairs(pairs: readonly (readonly [name: string, value: string | bigint | number])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return trimLines(pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n"));
}

function trimLines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
