import { JournalError } from "./journal.js";

/** The error for something that a newer version wrote; it names both formats. */
export function newerFormat(
  what: string,
  at: { readonly found: number; readonly known: number; readonly file: string; readonly offset: number },
): JournalError {
  return new JournalError("format", `${what} has format ${at.found}; this version reads up to ${at.known}`, at);
}
