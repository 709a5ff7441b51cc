/**
 * A refusal is a returned value: the command changed nothing, and the caller can act on the reason.
 * The mapping to gRPC codes is in api/errors.ts and nowhere else.
 */
export type RefusalReason =
  | "INVALID_FIELD"
  | "LIMIT_EXCEEDED"
  | "DEALER_NOT_FOUND"
  | "WAREHOUSE_NOT_FOUND"
  | "SKU_NOT_FOUND"
  | "RESERVATION_NOT_FOUND"
  | "SOURCE_NOT_FOUND"
  | "DEAD_LETTER_NOT_FOUND"
  | "DISPATCH_EXCEPTION_NOT_FOUND"
  | "DISCREPANCY_NOT_FOUND"
  | "RESERVATION_EXPIRED"
  | "RESERVATION_RELEASED"
  | "RESERVATION_FULFILLED"
  | "RESERVATION_COMMITTED"
  | "QUANTITY_EXCEEDED"
  | "STOCK_SHORTFALL"
  | "WAREHOUSE_NOT_ASSIGNED"
  | "DEAD_LETTER_REFUSED"
  | "DEAD_LETTER_REPLAYED"
  | "DEAD_LETTER_DROPPED"
  | "DISPATCH_EXCEPTION_RESOLVED"
  | "RESERVATION_PENDING"
  | "NOT_AT_RISK"
  | "NO_GAP"
  | "DRIFT_RESOLVED"
  | "DRIFT_OUTDATED"
  | "REQUEST_ID_REUSED"
  | "CURSOR_TOO_OLD"
  | "QUOTA_EXCEEDED"
  | "READER_TOO_SLOW"
  | "OVERLOADED"
  | "JOURNAL_UNAVAILABLE"
  | "SHUTTING_DOWN"
  | "NOT_OWNER"
  | "DIRECTORY_NOT_EMPTY"
  | "DIRECTORY_NOT_WRITABLE"
  | "DISK_FULL"
  | "DATA_DAMAGED";

export interface Refusal {
  readonly reason: RefusalReason;
  /** One sentence for a person: what was wrong and what is allowed. */
  readonly message: string;
  /** Every changing value of the message, by snake_case name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The offending fields, as paths of the request (`lines[2].quantity`). */
  readonly fields: readonly string[];
  /** When a retry can help: how long to wait first. */
  readonly retryAfterMs?: number;
}

export function refusal(
  reason: RefusalReason,
  message: string,
  details: { metadata?: Record<string, string>; fields?: readonly string[]; retryAfterMs?: number } = {},
): Refusal {
  return {
    reason,
    message,
    metadata: details.metadata ?? {},
    fields: details.fields ?? [],
    ...(details.retryAfterMs === undefined ? {} : { retryAfterMs: details.retryAfterMs }),
  };
}
