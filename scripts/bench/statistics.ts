/** Arithmetic of the benchmark: order statistics first, since means follow the worst neighbour on a shared machine. */

/** The middle value, or the mean of the two in the middle. Throws on an empty list. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which `percent` of the list lies, interpolated between its neighbours. Throws on an empty list. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new Error("no values to take a percentile of");
  const sorted = Float64Array.from(values).sort();
  const position = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

export interface RatioOperands {
  readonly numerators: readonly number[];
  readonly denominators: readonly number[];
}

/** Median of the one over median of the other. */
export function ratioOfMedians({ numerators, denominators }: RatioOperands): number {
  const denominator = median(denominators);
  if (denominator === 0) throw new Error("the median to divide by is 0");
  return median(numerators) / denominator;
}

/** Half the distance between the quartiles over the median: how far a typical round lies from the reported one. */
export function relativeSpread(values: readonly number[]): number {
  return (percentile(values, 75) - percentile(values, 25)) / 2 / median(values);
}

/** For output: four significant digits, so that ratios stay readable and nothing pretends to be exact. */
export function roundForOutput(value: number): number {
  return Number(value.toPrecision(4));
}
