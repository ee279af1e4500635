/** Vendors that limit the requests of a key, in the time of the test: how each counts, and what each tells. */
import type { StatedLimit } from "../../src/core/pace/stated-limit.js";

export interface Counting {
  /** How many requests it would take now. */
  left(now: number): number;
  take(now: number): void;
  /** How long until all may be used again. */
  resetMs(now: number): number;
  /** How long until it takes the next one. */
  retryMs(now: number): number;
}

/** At most so many in each window that begins with a request. */
export function fixedWindow(limit: number, windowMs: number): Counting {
  let begun = Number.NEGATIVE_INFINITY;
  let used = 0;
  const end = (now: number) => Math.max(0, begun + windowMs - now);
  const left = (now: number) => (end(now) === 0 ? limit : limit - used);
  return {
    left,
    take(now) {
      if (end(now) === 0) {
        begun = now;
        used = 0;
      }
      used += 1;
    },
    resetMs: end,
    retryMs: (now) => (left(now) > 0 ? 0 : end(now)),
  };
}

/** At most so many in any window. */
export function slidingWindow(limit: number, windowMs: number): Counting {
  let times: readonly number[] = [];
  const live = (now: number) => times.filter((time) => time > now - windowMs);
  return {
    left: (now) => limit - live(now).length,
    take(now) {
      times = [...live(now), now];
    },
    resetMs: (now) => Math.max(0, (live(now).at(-1) ?? now - windowMs) + windowMs - now),
    retryMs: (now) => Math.max(0, (live(now)[0] ?? now - windowMs) + windowMs - now),
  };
}

/** A bucket that fills up bit by bit. */
export function bucket(limit: number, windowMs: number): Counting {
  let level = limit;
  let at = 0;
  const levelAt = (now: number) => Math.min(limit, level + ((now - at) * limit) / windowMs);
  return {
    left: (now) => Math.floor(levelAt(now)),
    take(now) {
      level = levelAt(now) - 1;
      at = now;
    },
    resetMs: (now) => ((limit - levelAt(now)) * windowMs) / limit,
    retryMs: (now) => (Math.max(0, 1 - levelAt(now)) * windowMs) / limit,
  };
}

export interface VendorAnswer {
  readonly isTaken: boolean;
  readonly limits: readonly StatedLimit[];
  readonly retryAfterMs: number | null;
}

/** Answers one request that arrives now. */
export function answerOf(counting: Counting, limit: number, states: boolean, now: number): VendorAnswer {
  const isTaken = counting.left(now) >= 1;
  if (isTaken) counting.take(now);
  const stated = { limit, remaining: counting.left(now), resetMs: Math.ceil(counting.resetMs(now)), windowMs: null };
  return {
    isTaken,
    limits: states ? [{ of: "requests", ...stated }] : [],
    retryAfterMs: isTaken ? null : Math.ceil(counting.retryMs(now)),
  };
}
