/** Tells whether the lease of a run has lapsed. */
import type { Clock } from "../../../core/ports/clock-and-log.js";
import { LEASE_MS } from "../../../core/run/limits.js";

interface OwnedRun {
  readonly id: string;
  readonly leaseExpiresAt: number | null;
}

/**
 * A lease that lasts longer than a new one shows that the clock was set back: its owner renews it soon, or is gone. So it
 * lapses when it has stayed the same for the length of a lease.
 */
export function createLapsedLease(clock: Clock): (run: OwnedRun) => boolean {
  const ahead = new Map<string, { readonly expiresAt: number; readonly since: number }>();
  return ({ id, leaseExpiresAt }) => {
    const now = clock.now();
    const expiresAt = leaseExpiresAt ?? 0;
    if (expiresAt <= now + LEASE_MS) {
      ahead.delete(id);
      return expiresAt <= now;
    }
    const seen = ahead.get(id);
    if (seen?.expiresAt === expiresAt && seen.since <= now) return now - seen.since >= LEASE_MS;
    ahead.set(id, { expiresAt, since: now });
    return false;
  };
}
