/** The heartbeat of a process that owns runs or looks after the runs of others. */
import type { Log } from "../../core/ports/clock-and-log.js";
import { LEASE_MS } from "../../core/run/limits.js";

const EVERY_MS = 5_000; // a third of a lease

/**
 * Calls `beat` every five seconds until the returned function is called. For one lease after this process was stopped for
 * longer than a lease, it says so. A beat that fails is logged.
 */
export function startHeartbeat(beat: (wokeLate: boolean) => Promise<void>, log: Log): () => void {
  let last = timesNow();
  let lateUntil = 0; // steady
  const timer = setInterval(() => {
    const now = timesNow();
    if (Math.max(now.clock - last.clock, now.steady - last.steady) > LEASE_MS) lateUntil = now.steady + LEASE_MS;
    last = now;
    beat(now.steady < lateUntil).catch((error: unknown) => log.error({ err: error }, "cannot look after runs"));
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** The steady time pauses while the machine sleeps; the clock may be set forward and back. */
function timesNow() {
  return { clock: Date.now(), steady: performance.now() };
}
