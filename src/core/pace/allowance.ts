/** The use of one thing that a key may make in a window of time, and has made: never more than the limit in any window. */

/** An amount, and the time from which on it was used. */
export type Spent = readonly [from: number, amount: number];

/** Times are Unix milliseconds. */
export interface Allowance {
  readonly limit: number;
  readonly windowMs: number;
  /** The earliest first. */
  readonly spent: readonly Spent[];
}

const GRAINS = 20; // of a window: amounts within one are kept as one, and count for one more than the window
const LATE_GRAINS = 3; // that an answer may add to the time for which its request counts
const USED_UP_SHARE = 0.8; // of the limit: requests on their way are counted here and not yet there, or the other way round
const BURST_SHARE = 1 / 5; // of the limit, within one grain: vendors also mind short bursts

/** The earliest time, from now on, at which the amount fits; one that fits no window waits for an empty one. */
export function slotFor(allowance: Allowance, amount: number, now: number): number {
  const { limit, windowMs } = allowance;
  const grain = grainOf(allowance);
  const live = liveAt(allowance, now);
  let used = sumOf(live);
  let slot = now;
  for (const [from, spent] of live) {
    if (used === 0 || used + amount <= limit) break;
    used -= spent;
    slot = from + windowMs + grain;
  }
  const [from, spent] = live.at(-1) ?? [0, 0];
  const isBurst = spent > 0 && spent + amount > Math.max(1, limit * BURST_SHARE);
  return isBurst ? Math.max(slot, from + grain) : slot;
}

export function spend(allowance: Allowance, amount: number, now: number): Allowance {
  return { ...allowance, spent: added(liveAt(allowance, now), amount, now, grainOf(allowance)) };
}

/** Adds to the last amount where that is less than `grain` old. */
export function added(spent: readonly Spent[], amount: number, now: number, grain: number): readonly Spent[] {
  const [from, before] = spent.at(-1) ?? [Number.NEGATIVE_INFINITY, 0];
  if (from <= now && now < from + grain) return [...spent.slice(0, -1), [from, before + amount]];
  return inOrder([...spent, [now, amount]]);
}

/** Adds to what was spent at a time, or takes from it; nothing falls below zero. */
export function corrected(spent: readonly Spent[], amount: number, at: number): readonly Spent[] {
  const index = spent.findLastIndex(([from]) => from <= at);
  if (index < 0) return amount > 0 ? inOrder([...spent, [at, amount]]) : spent;
  return spent.map((one, place): Spent => (place === index ? [one[0], Math.max(0, one[1] + amount)] : one));
}

/**
 * Counts an amount from when its answer came, where that was late: the vendor may have counted it until then. An answer that took
 * long says little of when that was, so only a part of the window is added.
 */
export function answeredLate(allowance: Allowance, amount: number, at: number, now: number): Allowance {
  const grain = grainOf(allowance);
  if (now - at <= grain) return allowance;
  const spent = corrected(allowance.spent, -amount, at);
  return { ...allowance, spent: inOrder([...spent, [Math.min(now, at + LATE_GRAINS * grain), amount]]) };
}

/** Makes up for what others have used of the same key: at least so much counts as spent, the difference for so long. */
export function atLeast(allowance: Allowance, used: number, forMs: number, now: number): Allowance {
  const missing = used - sumOf(liveAt(allowance, now));
  if (missing < 1) return allowance;
  const from = now + forMs - allowance.windowMs - grainOf(allowance);
  return { ...allowance, spent: inOrder([...allowance.spent, [from, missing]]) };
}

/** Whether most of it is used. */
export function isUsedUp(allowance: Allowance, now: number): boolean {
  return sumOf(liveAt(allowance, now)) >= allowance.limit * USED_UP_SHARE;
}

export function sumOf(spent: readonly Spent[]): number {
  return spent.reduce((sum, [, amount]) => sum + amount, 0);
}

export function inOrder(spent: readonly Spent[]): readonly Spent[] {
  return spent.toSorted(([left], [right]) => left - right);
}

/** The amounts that still count. Those of a clock that was set back since do not. */
function liveAt(allowance: Allowance, now: number): readonly Spent[] {
  const { windowMs, spent } = allowance;
  const since = now - windowMs - grainOf(allowance);
  return spent.filter(([from]) => from > since && from <= now + windowMs);
}

function grainOf({ windowMs }: Allowance): number {
  return windowMs / GRAINS;
}
