/** Reads a CSV file with a header row into rows of known columns. Anything unclear is a fault of the file, named with its line. */
import { CsvError, parse } from "csv-parse/sync";

export interface CsvRow {
  /** Where the row ends in the file, from 1. */
  readonly line: number;
  /** By column; what the file has no column for is "". */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a person has to put right in a file. */
export class BadFile extends Error {
  readonly code = "BAD_FILE";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BadFile";
  }
}

export interface CsvForm {
  readonly delimiter: string;
  /** Those that a header may name. */
  readonly columns: readonly string[];
  /** Those that it must name. */
  readonly required: readonly string[];
}

export function csvRows(content: Uint8Array, form: CsvForm): CsvRow[] {
  const rows = records(textOf(content), form);
  return rows.map(({ record, info }) => {
    const fields = Object.fromEntries(form.columns.map((column) => [column, record[column] ?? ""]));
    return { line: info.lines, fields };
  });
}

/** A whole number within what Holdfast counts with. */
export function wholeNumber(row: CsvRow, column: string, min?: bigint): bigint {
  const text = row.fields[column] ?? "";
  const value = /^[+-]?\d{1,16}$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  const isSafe = value !== undefined && value <= MAX && value >= -MAX;
  if (!isSafe || (min !== undefined && value < min)) {
    const allowed = min === undefined ? "a whole number" : `a whole number of at least ${min}`;
    throw new BadFile(`line ${row.line}: ${column} is ${JSON.stringify(text)}, but has to be ${allowed}`);
  }
  return value;
}

/** A field that may not be empty. */
export function word(row: CsvRow, column: string): string {
  const text = row.fields[column] ?? "";
  if (text === "") throw new BadFile(`line ${row.line}: ${column} is empty`);
  return text;
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER);

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function records(text: string, form: CsvForm): Parsed[] {
  const columns = (header: string[]): string[] => {
    const wrong = header.find((name, index) => !form.columns.includes(name) || header.indexOf(name) !== index);
    if (wrong !== undefined) {
      throw new BadFile(
        `line 1: column ${JSON.stringify(wrong)} is unknown or there twice; known: ${form.columns.join(", ")}`,
      );
    }
    const missing = form.required.filter((name) => !header.includes(name));
    if (missing.length > 0) throw new BadFile(`line 1: the header has no column ${missing.join(", ")}`);
    return header;
  };
  try {
    const options = { columns, bom: true, trim: true, skip_empty_lines: true, info: true, delimiter: form.delimiter };
    return parse(text, options) as unknown as Parsed[];
  } catch (cause) {
    if (cause instanceof CsvError) throw new BadFile(cause.message, { cause });
    throw cause;
  }
}

function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (cause) {
    throw new BadFile("the file is not UTF-8", { cause });
  }
}
