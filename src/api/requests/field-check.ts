/** Checks of single fields. Each notes what is wrong with a field by its path and goes on, so that a caller hears of all at once. */
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { LineRequest } from "../../domain/command.js";
import { QUANTITY_MAX } from "../../domain/quantity.js";
import type { Violation } from "../errors.js";

const NAME_MAX = 128;
const LINES_MAX = 1_000;
export const PAGE_DEFAULT = 100;
export const PAGE_MAX = 1_000;
/** Longest hold that can be asked for or allowed: 366 days. */
const HOLD_MAX_MS = 366 * 24 * 3_600_000;
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const BIG_MAX = BigInt(QUANTITY_MAX);
const NAME_RULE = `1 to ${NAME_MAX} characters, no control characters or line separators`;

export class FieldCheck {
  readonly violations: Violation[] = [];

  fail(field: string, message: string): void {
    this.violations.push({ field, message });
  }

  /** A string that names a thing: 1 to 128 code points, none of category Cc, Cs, Zl, Zp. */
  name(field: string, value: string): void {
    if (!isName(value)) this.fail(field, `must be ${NAME_RULE}`);
  }

  optionalName(field: string, value: string): void {
    if (value !== "") this.name(field, value);
  }

  /** Whole base units, 1 to 2^53 - 1. */
  quantity(field: string, value: bigint): number {
    if (value < 1n || value > BIG_MAX) this.fail(field, `must be 1 to ${QUANTITY_MAX}`);
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
    if (value < 0n || value > BIG_MAX) this.fail(field, `must be 0 to ${QUANTITY_MAX}`);
    return Number(value);
  }

  /** Lines of an order, up to 1,000; sums of one SKU and of all lines stay within the bound of quantities. */
  lines(lines: readonly { readonly sku: string; readonly quantity: bigint }[], emptyAllowed: boolean): LineRequest[] {
    if (lines.length === 0 && !emptyAllowed) this.fail("lines", `must be 1 to ${LINES_MAX}`);
    if (lines.length > LINES_MAX) {
      this.violations.push({ field: "lines", message: `at most ${LINES_MAX} are allowed`, limit: true });
      return [];
    }
    const checked: LineRequest[] = [];
    let sum = 0;
    for (let index = 0; index < lines.length; index++) {
      const { sku, quantity } = lines[index]!;
      if (!isName(sku)) this.name(`lines[${index}].sku`, sku);
      if (quantity < 1n || quantity > BIG_MAX) this.quantity(`lines[${index}].quantity`, quantity);
      const units = Number(quantity);
      sum += units;
      if (sum > QUANTITY_MAX) {
        this.fail(`lines[${index}].quantity`, `the sum of the lines must be at most ${QUANTITY_MAX}`);
        sum = 0;
      }
      checked.push({ sku, quantity: units });
    }
    return checked;
  }

  /** A span of time above 0 and up to 366 days, rounded up to whole milliseconds; 0 when the field is unset. */
  holdDuration(field: string, duration: Duration | undefined): number {
    if (duration === undefined) return 0;
    const { seconds, nanos } = duration;
    const wellFormed =
      Number.isInteger(nanos) &&
      Math.abs(nanos) <= 999_999_999 &&
      !(seconds > 0n && nanos < 0) &&
      !(seconds < 0n && nanos > 0);
    const ms =
      seconds > 1_000_000_000_000n ? Number.POSITIVE_INFINITY : Number(seconds) * 1000 + Math.ceil(nanos / 1e6);
    if (!wellFormed || ms <= 0 || ms > HOLD_MAX_MS) this.fail(field, "must be above 0 and at most 366 days");
    return ms;
  }

  /** Milliseconds since the Unix epoch, from year 1 to 9999; 0 when the field is unset. */
  time(field: string, timestamp: Timestamp | undefined): number {
    if (timestamp === undefined) return 0;
    const { seconds, nanos } = timestamp;
    if (nanos < 0 || nanos > 999_999_999 || seconds < -62_135_596_800n || seconds > 253_402_300_799n) {
      this.fail(field, "must be a time from year 1 to 9999");
      return 0;
    }
    return Number(seconds) * 1000 + Math.floor(nanos / 1e6);
  }

  pageSize(field: string, size: number): number {
    if (size < 0) this.fail(field, "must not be below 0");
    return size === 0 ? PAGE_DEFAULT : Math.min(size, PAGE_MAX);
  }

  /** A value of an enum that this version knows; the name it stands for. */
  oneOf<T>(field: string, value: number, names: readonly T[]): T {
    const name = names[value];
    if (name === undefined) this.fail(field, `${value} is no value of this enum`);
    return name ?? names[0]!;
  }
}

/** 1 to 128 code points, none of category Cc, Cs, Zl, Zp. Short printable ASCII, the common case, needs no regular expression. */
export function isName(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > NAME_MAX * 2) return false;
  if (length <= NAME_MAX) {
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 32 || unit > 126) break;
    }
    if (index === length) return true;
  }
  if (FORBIDDEN.test(text)) return false;
  return length <= NAME_MAX || [...text].length <= NAME_MAX;
}
