/** The `count` lowest numbers of a set that are at least `from`, in order: one pass, and little memory however large the set is. */
export function lowestNumbers(set: Iterable<number>, from: number, count: number): readonly number[] {
  let lowest: number[] = [];
  let bound = Number.POSITIVE_INFINITY;
  const trim = () => {
    lowest = lowest.sort((a, b) => a - b).slice(0, count);
    if (lowest.length === count) bound = lowest[count - 1]!;
  };
  for (const number of set) {
    if (number < from || number >= bound) continue;
    lowest.push(number);
    if (lowest.length >= count * 2) trim();
  }
  trim();
  return lowest;
}
