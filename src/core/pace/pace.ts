/** The pace at which the requests of one key may be sent, as its vendor states it and as refusals show it. */

import type { Usage } from "../run/run.js";
import { answeredLate, corrected, inOrder, isUsedUp, type Spent, slotFor, spend } from "./allowance.js";
import {
  counting,
  type MeasuredPace,
  measured,
  type Span,
  sentAtPace,
  slotAtPace,
  slower,
  withSent,
} from "./measured-pace.js";
import { COUNTED, type Counted, type StatedAllowance, type StatedLimit, withStated } from "./stated-limit.js";

export type Cost = Readonly<Record<Counted, number>>;

/** The limits of a key, as far as they are known; times are Unix milliseconds. */
export interface Pace {
  readonly stated: Readonly<Partial<Record<Counted, StatedAllowance>>>;
  readonly measured: MeasuredPace | null;
  readonly refusal: Refusal | null;
  /** When a request was let through last. */
  readonly lastAt: number;
}

/** Requests were refused because there were too many: from the end of the refusal before until the vendor takes more. */
interface Refusal extends Span {
  /** When the first of them was heard of. */
  readonly at: number;
  /** Whether requests that were under way together were refused, or one at the measured pace: then all wait, and not only they. */
  readonly isShared: boolean;
  /** When one of those that wait asks all the same: the vendor may take requests sooner. */
  readonly probeAt: number;
}

/** A request that was let through. */
export interface Sent {
  readonly at: number;
  /** Reserved for it until its real cost is known. */
  readonly cost: Cost;
}

/** The part of an answer that tells of the pace. */
export interface Heard {
  readonly limits: readonly StatedLimit[];
  /** Null where the vendor did not report it. */
  readonly usage: Usage | null;
  /** Whether it was refused because of too many requests; `retryAfterMs` is the vendor's wish, or null. */
  readonly refused: { readonly retryAfterMs: number | null } | null;
}

const MINUTE_MS = 60_000;
const LONGEST_HOLD_MS = MINUTE_MS; // a longer delay is that of a quota, which each request finds out by itself
const WISH_MS = 1_000; // of a vendor that names none
const FIRST_PROBE_MS = 5_000; // after the refusal; then after twice the time each
const IDLE_MS = 2 * MINUTE_MS; // after so long one request goes whatever is known: it may hold no more
const MEASURED_FOR_MS = 10 * MINUTE_MS;
const STATED_FOR_MS = 24 * 60 * MINUTE_MS;

const NOTHING: Pace = { stated: {}, measured: null, refusal: null, lastAt: 0 };

/** The same object where all of it still holds, null where nothing does. */
export function paceAt(pace: Pace | null, now: number): Pace | null {
  if (pace === null) return null;
  const isFresh = pace.refusal !== null && now < pace.refusal.until + MINUTE_MS;
  const isMeasured = (pace.measured?.spacingMs ?? 0) > 0 && now - (pace.measured?.at ?? 0) < MEASURED_FOR_MS;
  const measured = isFresh || isMeasured ? pace.measured : null;
  const stated = statedOf(pace).filter(([, { at }]) => now - at < STATED_FOR_MS);
  if (!isFresh && measured === null && stated.length === 0) return null;
  const holds = measured === pace.measured && stated.length === statedOf(pace).length;
  return holds ? pace : { ...pace, stated: Object.fromEntries(stated), measured };
}

/** The earliest time, from now on, at which a request may be sent. */
export function slotAt(pace: Pace, cost: Cost, now: number): number {
  const slots = [now, ...statedOf(pace).map(([of, allowance]) => slotFor(allowance, cost[of], now))];
  if (pace.measured !== null) slots.push(slotAtPace(pace.measured, now));
  if (pace.refusal?.isShared) slots.push(Math.min(pace.refusal.until, pace.refusal.probeAt, now + LONGEST_HOLD_MS));
  const wasUsed = pace.lastAt > 0 && pace.lastAt <= now;
  const latest = wasUsed ? Math.max(now, pace.lastAt + IDLE_MS) : Number.POSITIVE_INFINITY;
  return Math.min(Math.max(...slots), latest);
}

/** The earliest time for a request behind as many others, all like it. */
export function slotBehind(pace: Pace, cost: Cost, others: number, now: number): number {
  const waits = statedOf(pace).map(
    ([of, { limit, windowMs }]) => Math.floor((others * cost[of]) / Math.max(limit, cost[of], 1)) * windowMs,
  );
  return slotAt(pace, cost, now) + Math.max(0, ...waits, others * (pace.measured?.spacingMs ?? 0));
}

/** The pace after a request that is sent now. */
export function letThrough(pace: Pace, cost: Cost, now: number): Pace {
  const spent = eachStated(pace, (allowance, of) => spend(allowance, cost[of], now).spent);
  const { refusal, measured } = pace;
  const isProbe = refusal?.isShared && now < refusal.until;
  const probed = isProbe ? { ...refusal, probeAt: now + 2 * (now - refusal.at) } : refusal;
  return { ...spent, refusal: probed, measured: measured && sentAtPace(measured, now), lastAt: now };
}

/** Takes in the requests that were sent before anything was known. */
export function withRequests(pace: Pace, sent: readonly Spent[], now: number): Pace {
  if (sent.length === 0) return pace;
  const all = eachStated(pace, ({ spent }, of) => (of === "requests" ? inOrder([...spent, ...sent]) : spent));
  if (pace.measured === null) return all;
  const counted = withSent(pace.measured, sent);
  const { refusal } = pace;
  const isMeasuring = refusal?.isShared && now < refusal.until;
  return { ...all, measured: isMeasuring ? measured(counted, refusal, counted.at) : counted };
}

/** The pace after an answer: the same object where it tells nothing new, null where nothing is known. */
export function learn(known: Pace | null, { limits, usage, refused }: Heard, sent: Sent, now: number): Pace | null {
  let pace = known && settled(known, refused === null ? usage : null, sent, refused !== null);
  if (pace !== null && limits.length > 0) pace = withAnswer(pace, sent, now);
  for (const limit of limits) pace = withLimit(pace ?? NOTHING, limit, now);
  if (refused !== null) return withRefusal(pace, refused.retryAfterMs ?? WISH_MS, sent.at, now);
  if (pace?.refusal == null || usage === null) return pace;
  const { refusal } = pace;
  const isOver = sent.at > refusal.at && now < refusal.until;
  return isOver ? { ...pace, refusal: { ...refusal, until: now } } : pace;
}

export function costOfUsage({ input, output, cached, thinking }: Usage): Cost {
  const replied = output + thinking;
  return { requests: 1, tokens: input + replied, input_tokens: Math.max(0, input - cached), output_tokens: replied };
}

function withAnswer(pace: Pace, sent: Sent, now: number): Pace {
  const { requests } = pace.stated;
  if (requests === undefined) return pace;
  const counted = answeredLate(requests, 1, sent.at, now);
  return counted === requests ? pace : { ...pace, stated: { ...pace.stated, requests: { ...requests, ...counted } } };
}

function withLimit(pace: Pace, limit: StatedLimit, now: number): Pace {
  const before = pace.stated[limit.of];
  const counted = limit.of === "requests" ? (pace.measured?.sent ?? []) : [];
  const allowance = withStated(before, limit, counted, now);
  return allowance === before ? pace : { ...pace, stated: { ...pace.stated, [limit.of]: allowance } };
}

function withRefusal(known: Pace | null, waitMs: number, sentAt: number, now: number): Pace | null {
  if (waitMs > LONGEST_HOLD_MS) return known;
  const pace = known ?? NOTHING;
  const before = pace.refusal;
  const current = before !== null && now < before.until ? before : null;
  const counted = pace.measured ?? counting(pace.stated.requests?.spent ?? [], now);
  const refusal: Refusal = {
    at: current?.at ?? now,
    since: current?.since ?? before?.until ?? 0,
    until: Math.max(current?.until ?? 0, now + waitMs),
    isShared: counted.spacingMs > 0 || (current !== null && (current.isShared || sentAt <= current.at)),
    probeAt: current?.probeAt ?? now + FIRST_PROBE_MS,
  };
  // Where the stated limit is used up, it explains the refusal; else the vendor has another that it does not state.
  const isExplained = pace.stated.requests !== undefined && isUsedUp(pace.stated.requests, now);
  const isCrowd = current !== null && refusal.isShared && !isExplained;
  return { ...pace, refusal, measured: isCrowd ? measured(counted, refusal, now) : slower(counted, now) };
}

/** Puts what a request has cost in the place of what was reserved for it; vendors do not count what they refuse. */
function settled(pace: Pace, usage: Usage | null, { at, cost }: Sent, isRefused: boolean): Pace {
  if (usage === null && !isRefused) return pace;
  const real = usage === null ? { requests: 0, tokens: 0, input_tokens: 0, output_tokens: 0 } : costOfUsage(usage);
  if (!isRefused && statedOf(pace).every(([of]) => real[of] === cost[of])) return pace;
  const settledPace = eachStated(pace, ({ spent }, of) => corrected(spent, real[of] - cost[of], at));
  const { measured } = pace;
  const sent = measured && isRefused ? { ...measured, sent: corrected(measured.sent, -1, at) } : measured;
  return { ...settledPace, measured: sent };
}

function statedOf({ stated }: Pace): readonly (readonly [Counted, StatedAllowance])[] {
  return COUNTED.flatMap((of) => (stated[of] === undefined ? [] : [[of, stated[of]] as const]));
}

function eachStated(pace: Pace, spentBy: (allowance: StatedAllowance, of: Counted) => readonly Spent[]): Pace {
  const stated = statedOf(pace).map(([of, allowance]) => [of, { ...allowance, spent: spentBy(allowance, of) }]);
  return { ...pace, stated: Object.fromEntries(stated) };
}
