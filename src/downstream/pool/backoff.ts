/** Decides when a broken server is started again. */

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 16_000;
const MOST_RETRIES = 5;
export const STABLE_MS = 5 * 60_000; // without a fault for so long, a server has recovered

export interface Backoff {
  /** The pause, in milliseconds, after the server broke or failed to start at `now`, in milliseconds; null to give up. */
  next(now: number): number | null;
  /** Whether it has been without a fault for long. */
  isSteady(now: number): boolean;
}

/** Doubles the pause with each failure in a row, and gives up after five. */
export function createBackoff(): Backoff {
  let failures = 0;
  let last = Number.NEGATIVE_INFINITY;
  const isSteady = (now: number) => now - last >= STABLE_MS;
  return {
    isSteady,
    next(now) {
      failures = isSteady(now) ? 1 : failures + 1;
      last = now;
      return failures > MOST_RETRIES ? null : Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    },
  };
}
