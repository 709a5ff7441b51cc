/** Upper bounds of histogram buckets. From a tenth of a millisecond, since a turn is shorter than the conventions foresee for a call. */
export const SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
export const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
export const BLOCK_BYTES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576];
