/** The statistics of the figures. */

export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

export function median(numbers) {
  return quantile(numbers, 0.5);
}

/** The value below which the given share of the numbers lies. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** The median of the ratios of paired measurements: other load on the machine slows both of a pair. */
export function medianRatio(pairs) {
  return median(pairs.map(({ ours, floor }) => ours / floor));
}

/** The differences between neighbours. */
export function gaps(times) {
  return times.slice(1).map((time, index) => time - times[index]);
}
