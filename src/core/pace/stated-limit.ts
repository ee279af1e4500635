/** A limit as the headers of an answer state it, and the allowance under it. */
import { type Allowance, atLeast, type Spent } from "./allowance.js";

/** The things that vendors count; `tokens` are those of request and reply, `input_tokens` are without those that a cache held. */
export const COUNTED = ["requests", "tokens", "input_tokens", "output_tokens"] as const;
export type Counted = (typeof COUNTED)[number];

export interface StatedLimit {
  readonly of: Counted;
  readonly limit: number;
  /** Null where the headers leave it out, as for the next two. */
  readonly remaining: number | null;
  /** Until all of it may be used again. */
  readonly resetMs: number | null;
  readonly windowMs: number | null;
}

/** An allowance by the vendor's own words. */
export interface StatedAllowance extends Allowance {
  /** When it was stated last, to some minutes. */
  readonly at: number;
  /** The use until then, and the time until all may be used again; null where the vendor did not say. */
  readonly seen: { readonly used: number; readonly resetMs: number } | null;
}

const MINUTE_MS = 60_000; // the window of most limits
const STATED_AGAIN_MS = 60 * MINUTE_MS; // then it is worth a write that it still holds

/** The same object where the vendor states nothing new. `spent` is what is known to be used where nothing was stated before. */
export function withStated(
  before: StatedAllowance | undefined,
  { limit, remaining, resetMs, windowMs: named }: StatedLimit,
  spent: readonly Spent[],
  now: number,
): StatedAllowance {
  const same = before?.limit === limit ? before : null;
  const used = remaining === null ? 0 : Math.max(0, limit - remaining);
  const seen = remaining === null || resetMs === null ? null : { used, resetMs };
  const windowMs = named ?? windowFrom(same, seen, limit, resetMs);
  const holds = same !== null && windowMs <= same.windowMs * 1.01 && now - same.at < STATED_AGAIN_MS;
  const base = holds ? same : { limit, windowMs, spent: before?.spent ?? spent, at: now, seen };
  const allowance = atLeast(base, used, Math.min(base.windowMs, resetMs ?? base.windowMs), now);
  return allowance === base ? base : { ...base, spent: allowance.spent };
}

/**
 * Few vendors name the window. Where they give back all at once, it is the longest time that was ever left of it; where they do
 * so bit by bit, that time grows with what is used, and so tells the whole window.
 */
function windowFrom(
  before: StatedAllowance | null,
  seen: StatedAllowance["seen"],
  limit: number,
  resetMs: number | null,
): number {
  const known = before?.windowMs ?? 0;
  if (resetMs === null) return known || MINUTE_MS;
  const earlier = before?.seen ?? null;
  const isBitByBit =
    seen !== null &&
    earlier !== null &&
    earlier.used > 0 &&
    seen.used >= earlier.used * 1.5 &&
    Math.abs((seen.resetMs * earlier.used) / (seen.used * earlier.resetMs) - 1) < 0.2;
  return Math.max(1, known, resetMs, isBitByBit ? (limit * seen.resetMs) / seen.used : 0);
}
