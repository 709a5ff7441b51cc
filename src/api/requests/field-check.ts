/** Checks of single fields. Each notes what is wrong with a field by its path and goes on, so that a caller hears of all at once. */
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { LineRequest } from "../../domain/command.js";
import { QUANTITY_MAX } from "../../domain/quantity.js";
import type { Refusal } from "../../domain/refusal.js";
import { EDGE_LIMITS } from "../../limits.js";
import { badRequest, type Violation } from "../errors.js";

const NAME_MAX = 128;
const TEXT_MAX = 1_024;
const LINES_MAX = 1_000;
const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;
const HOLD_SECONDS_MAX = 366n * 24n * 3_600n;
const NANOS_MAX = 999_999_999;
const NANOS_PER_MS = 1_000_000;
/** Years 1 to 9999, as google.protobuf.Timestamp has them. */
const TIMESTAMP_SECONDS_MIN = -62_135_596_800n;
const TIMESTAMP_SECONDS_MAX = 253_402_300_799n;
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const BIG_MAX = BigInt(QUANTITY_MAX);
const NAME_RULE = `must be 1 to ${NAME_MAX} characters without control characters`;
const TEXT_RULE = `must be at most ${TEXT_MAX} characters without control characters`;

export class FieldCheck {
  readonly #violations: Violation[] = [];

  /** What is wrong with the request, all fields in one; undefined when nothing is. */
  refusal(): Refusal | undefined {
    return this.#violations.length === 0 ? undefined : badRequest(this.#violations);
  }

  /** The path of the first bad field. */
  get firstField(): string | undefined {
    return this.#violations[0]?.field;
  }

  fail(field: string, message: string): void {
    this.#note({ field, message });
  }

  /** Notes when there are more than allowed; false then, and the elements need no look. */
  atMost(field: string, count: number, limit: number): boolean {
    if (count <= limit) return true;
    this.#note({ field, message: `at most ${limit} are allowed`, limit });
    return false;
  }

  /** A string that names a thing: 1 to 128 code points, none of category Cc, Cs, Zl, Zp. */
  name(field: string, value: string): void {
    if (!isName(value)) this.fail(field, NAME_RULE);
  }

  optionalName(field: string, value: string): void {
    if (value !== "") this.name(field, value);
  }

  /** A string that people read and nothing is found by: up to 1,024 code points, of the same categories as a name's. */
  text(field: string, value: string): void {
    if (!isText(value, TEXT_MAX)) this.fail(field, TEXT_RULE);
  }

  /** Whole base units, 1 to 2^53 - 1. */
  quantity(field: string, value: bigint): number {
    if (!isQuantity(value)) this.fail(field, `must be 1 to ${QUANTITY_MAX}`);
    return Number(value);
  }

  /** A change up or down, not 0. */
  delta(field: string, value: bigint): number {
    if (value === 0n || value > BIG_MAX || value < -BIG_MAX) {
      this.fail(field, `must be -${QUANTITY_MAX} to ${QUANTITY_MAX} and not 0`);
    }
    return Number(value);
  }

  /** Whole base units, 0 to 2^53 - 1. */
  count(field: string, value: bigint): number {
    if (!isCount(value)) this.fail(field, `must be 0 to ${QUANTITY_MAX}`);
    return Number(value);
  }

  percent(field: string, value: number): number {
    if (value < 0 || value > 100) this.fail(field, "must be 0 to 100");
    return value;
  }

  /** Whole base units, which may be below 0. */
  figure(field: string, value: bigint): number {
    if (!isFigure(value)) this.fail(field, `must be -${QUANTITY_MAX} to ${QUANTITY_MAX}`);
    return Number(value);
  }

  /** Lines of an order, up to 1,000. Their sum stays within the bound of a quantity, so that of each SKU does too. */
  lines(lines: readonly { readonly sku: string; readonly quantity: bigint }[], emptyAllowed: boolean): LineRequest[] {
    if (lines.length === 0 && !emptyAllowed) this.fail("lines", "at least one line is needed");
    if (!this.atMost("lines", lines.length, LINES_MAX)) return [];
    const checked: LineRequest[] = [];
    let sum = 0;
    for (let index = 0; index < lines.length; index++) {
      const { sku, quantity } = lines[index]!;
      // The paths are built for bad lines only: this loop is the hot path.
      if (!isName(sku)) this.fail(`lines[${index}].sku`, NAME_RULE);
      if (!isQuantity(quantity)) {
        this.quantity(`lines[${index}].quantity`, quantity);
        continue;
      }
      const units = Number(quantity);
      const isWithin = sum <= QUANTITY_MAX;
      sum += units;
      if (isWithin && sum > QUANTITY_MAX) {
        this.fail(`lines[${index}].quantity`, `the sum of the lines must be at most ${QUANTITY_MAX}`);
      }
      checked.push({ sku, quantity: units });
    }
    return checked;
  }

  /** A span of time above 0 and up to 366 days, rounded up to whole milliseconds; 0 when the field is unset or bad. */
  holdDuration(field: string, duration: Duration | undefined): number {
    if (duration === undefined) return 0;
    const { seconds, nanos } = duration;
    // Seconds and nanoseconds have one sign, so a span above 0 has neither below 0.
    const isPositive = seconds >= 0n && nanos >= 0 && nanos <= NANOS_MAX && (seconds > 0n || nanos > 0);
    const isShort = seconds < HOLD_SECONDS_MAX || (seconds === HOLD_SECONDS_MAX && nanos === 0);
    if (isPositive && isShort) return Number(seconds) * 1000 + Math.ceil(nanos / NANOS_PER_MS);
    this.fail(field, "must be above 0 and at most 366 days");
    return 0;
  }

  /** Milliseconds since the Unix epoch, from year 1 to 9999; 0 when the field is unset or bad. */
  time(field: string, timestamp: Timestamp | undefined): number {
    if (timestamp === undefined) return 0;
    const { seconds, nanos } = timestamp;
    const isInRange = seconds >= TIMESTAMP_SECONDS_MIN && seconds <= TIMESTAMP_SECONDS_MAX;
    if (isInRange && nanos >= 0 && nanos <= NANOS_MAX) return Number(seconds) * 1000 + Math.floor(nanos / NANOS_PER_MS);
    this.fail(field, "must be a time from year 1 to 9999");
    return 0;
  }

  pageSize(field: string, size: number): number {
    if (size < 0) this.fail(field, "must not be below 0");
    return size === 0 ? PAGE_DEFAULT : Math.min(size, PAGE_MAX);
  }

  /** A value of an enum that this version knows; the name it stands for. */
  oneOf<T>(field: string, value: number, names: readonly T[]): T {
    const name = names[value];
    if (name === undefined) this.fail(field, "is no value that this version knows");
    return name ?? names[0]!;
  }

  #note(violation: Violation): void {
    if (this.#violations.length < EDGE_LIMITS.violationsMax) this.#violations.push(violation);
  }
}

function isQuantity(value: bigint): boolean {
  return value >= 1n && value <= BIG_MAX;
}

/** 0 to 2^53 - 1. */
export function isCount(value: bigint): boolean {
  return value >= 0n && value <= BIG_MAX;
}

/** As a quantity, or as far below 0. */
export function isFigure(value: bigint): boolean {
  return value >= -BIG_MAX && value <= BIG_MAX;
}

/** 1 to 128 code points, none of category Cc, Cs, Zl, Zp. */
export function isName(text: string): boolean {
  return text !== "" && isText(text, NAME_MAX);
}

/** Printable ASCII, the common case, needs no regular expression. */
function isText(text: string, codePointsMax: number): boolean {
  const { length } = text;
  if (length > codePointsMax * 2) return false;
  if (length <= codePointsMax) {
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 32 || unit > 126) break;
    }
    if (index === length) return true;
  }
  if (FORBIDDEN.test(text)) return false;
  return length <= codePointsMax || [...text].length <= codePointsMax;
}
