/** When a failed model request is made again: the one place that decides it, by the code of the failure. */
import type { ProviderError, ProviderErrorCode } from "../errors.js";

/** How often a request is made at most when it fails so; 1 where the same request would fail in the same way again. */
const MOST_TRIES: Readonly<Record<ProviderErrorCode, number>> = {
  rate_limited: 10,
  overloaded: 10,
  server_error: 10,
  timed_out: 10,
  network: 10,
  stalled: 3, // each try has lasted for stall_seconds, which are minutes
  bad_response: 3, // a broken answer may be whole the next time; a page of another program never is
  quota_exhausted: 2, // only where the vendor names a delay, which it also does for quotas that it does not open again
  out_of_credit: 1,
  unauthorized: 1,
  redirected: 1,
  model_not_found: 1,
  invalid_request: 1,
  context_overflow: 1,
  script_ended: 1,
};

const MOST_TRIES_BEFORE_NEXT = 3; // a second model is there so that nobody waits for the first
const MOST_MUTE_TRIES_BEFORE_NEXT = 1; // and the first has been waited for during stall_seconds, without a word from it

const FIRST_PAUSE_MS = 500; // at most, doubled with each try
const LONGEST_PAUSE_MS = 30_000; // at most, beside what the vendor asks for: ten tries then take a minute on average
const MOST_WAITED_MS = 30 * 60_000; // of one request: a run that waits longer keeps a slot from runs that could work

export interface Tries {
  /** Tries of the request so far, the failed one included. */
  readonly made: number;
  readonly waitedMs: number;
  /** Whether a piece of the reply had come before it failed. */
  readonly hasBegun: boolean;
  /** The rest of the run's working time. */
  readonly millisecondsLeft: number;
  /** Whether another model is asked where this one does not serve. */
  readonly hasNext: boolean;
}

/** Null for `waitMs` means that the request is not made again; `why` says so where the failure itself does not. */
export type NextTry = { readonly waitMs: number } | { readonly waitMs: null; readonly why: string | null };

/** Full jitter, beside the delay that the vendor asks for; `random` is from 0 to 1. */
export function nextTry(
  { code, retryAfterMs }: Pick<ProviderError, "code" | "retryAfterMs">,
  { made, waitedMs, hasBegun, millisecondsLeft, hasNext }: Tries,
  random: number,
): NextTry {
  const ofCode = code === "quota_exhausted" && retryAfterMs === null ? 1 : MOST_TRIES[code];
  const beforeNext = code === "stalled" && !hasBegun ? MOST_MUTE_TRIES_BEFORE_NEXT : MOST_TRIES_BEFORE_NEXT;
  const most = hasNext ? Math.min(ofCode, beforeNext) : ofCode;
  if (made >= most) return { waitMs: null, why: made === 1 ? null : `it was tried ${made} times` };
  const asked = retryAfterMs ?? 0;
  const waitMs = Math.ceil(asked + random * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (made - 1)));
  const askedFor = retryAfterMs === null ? "" : `the provider asks to wait ${Math.ceil(asked / 1000)} s, and `;
  if (waitMs >= millisecondsLeft)
    return { waitMs: null, why: `${askedFor}the run has ${Math.max(0, Math.floor(millisecondsLeft / 1000))} s left` };
  if (waitedMs + waitMs > MOST_WAITED_MS)
    return { waitMs: null, why: `${askedFor}a request waits ${MOST_WAITED_MS / 60_000} minutes at most` };
  return { waitMs };
}
