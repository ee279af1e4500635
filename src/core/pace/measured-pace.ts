/** The pace of requests that a vendor's refusals show, where it states no limit. */
import { added, inOrder, type Spent, sumOf } from "./allowance.js";

/** Times are Unix milliseconds. */
export interface MeasuredPace {
  /** The pause from one request to the next; 0 while the requests are only counted. */
  readonly spacingMs: number;
  /** When it was measured. */
  readonly at: number;
  /** When the next request may be sent. */
  readonly nextAt: number;
  /** The requests of the last minute that were not refused. */
  readonly sent: readonly Spent[];
}

/** The time in which requests were sent until some were refused, up to when the vendor takes more. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

const MINUTE_MS = 60_000; // windows of limits are hardly ever longer, so older requests say little of them
const GRAIN_MS = 50; // requests that are counted as one
const LONGEST_SPACING_MS = 2_000; // where a vendor allows less, its next refusal holds all requests up
const MARGIN = 1.03; // above the pause that was measured
const SLOWER = 1.1; // after a single refusal at the measured pace
const RELAXED_PER_MINUTE = 0.05; // of the measured pace, which may have been too slow

export function counting(sent: readonly Spent[], now: number): MeasuredPace {
  return { spacingMs: 0, at: now, nextAt: now, sent };
}

export function slotAtPace(pace: MeasuredPace, now: number): number {
  return Math.min(Math.max(now, pace.nextAt), now + spacingAt(pace, now)); // later where the clock was set back
}

export function sentAtPace(pace: MeasuredPace, now: number): MeasuredPace {
  const spacing = spacingAt(pace, now);
  const nextAt = Math.max(pace.nextAt, now - spacing) + spacing; // late timers do not add up
  return { ...pace, nextAt, sent: withOneMore(pace.sent, now) };
}

/** The requests of the last minute with one that is sent now. */
export function withOneMore(sent: readonly Spent[], now: number): readonly Spent[] {
  const kept = sent.filter(([from]) => from > now - MINUTE_MS && from <= now);
  return added(kept, 1, now, GRAIN_MS);
}

export function withSent(pace: MeasuredPace, sent: readonly Spent[]): MeasuredPace {
  return { ...pace, sent: inOrder([...pace.sent, ...sent]) };
}

/** The vendor has let so many through in so long a time. */
export function measured(pace: MeasuredPace, { since, until }: Span, now: number): MeasuredPace {
  const begin = Math.max(since, until - MINUTE_MS);
  const through = pace.sent.filter(([from, amount]) => from >= begin && from < until && amount > 0);
  const lasted = until - (through[0]?.[0] ?? begin);
  const spacingMs = Math.min(LONGEST_SPACING_MS, (lasted / Math.max(1, sumOf(through))) * MARGIN);
  return { ...pace, spacingMs, at: now };
}

export function slower(pace: MeasuredPace, now: number): MeasuredPace {
  const spacingMs = Math.min(LONGEST_SPACING_MS, spacingAt(pace, now) * SLOWER);
  return { ...pace, spacingMs, at: now };
}

function spacingAt({ spacingMs, at }: MeasuredPace, now: number): number {
  return spacingMs / (1 + (RELAXED_PER_MINUTE * Math.max(0, now - at)) / MINUTE_MS);
}
