/** The few sums that the figures need. */

export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

export function median(numbers) {
  return quantile(numbers, 0.5);
}

/** The value below which a share of the numbers lies. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((left, right) => left - right);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** The median of the ratios of what was measured side by side: what slows the machine down slows both. */
export function medianRatio(pairs) {
  return median(pairs.map(({ ours, floor }) => ours / floor));
}

/** The distances between neighbours. */
export function gaps(times) {
  return times.slice(1).map((time, index) => time - times[index]);
}
