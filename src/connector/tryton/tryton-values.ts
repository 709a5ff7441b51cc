/** Values as Tryton's JSON has them: moments in UTC with microseconds, decimals as text. */
export interface TrytonMoment {
  readonly __class__: "datetime";
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

export interface TrytonDecimal {
  readonly __class__: "Decimal";
  readonly decimal: string;
}

/** Microseconds since 1970; exact until the year 2255. */
export function microsecondsOf(moment: TrytonMoment): number {
  const { year, month, day, hour, minute, second, microsecond } = moment;
  return Date.UTC(year, month - 1, day, hour, minute, second) * 1_000 + microsecond;
}

export function momentOf(microseconds: number): TrytonMoment {
  const date = new Date(Math.floor(microseconds / 1_000_000) * 1_000);
  return {
    __class__: "datetime",
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: microseconds - Math.floor(microseconds / 1_000_000) * 1_000_000,
  };
}

/** Tryton's product in Holdfast: its code, or where it has none its id, which cannot be mistaken for a code. */
export function skuOf({ id, code }: { readonly id: number; readonly code: string | null }): string {
  return code === null || code === "" ? `#${id}` : code;
}

/** The condition that finds the products of these SKUs. */
export function productsOf(skus: readonly string[]): readonly unknown[] {
  const ids = skus.filter((sku) => /^#\d+$/.test(sku)).map((sku) => Number(sku.slice(1)));
  return ["OR", ["code", "in", skus], ["id", "in", ids]];
}
