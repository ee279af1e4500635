/** The heartbeat of a process that holds runs or looks after those of others. */

import type { Log } from "../../core/ports/clock-and-log.js";
import { LEASE_MS } from "../../core/run/limits.js";

const EVERY_MS = 5_000; // a third of a lease

/** Calls `act` again and again, telling it for one lease after this process was stopped for longer than a lease. */
export function startHeartbeat(act: (wokeLate: boolean) => void, log: Log): NodeJS.Timeout {
  let last = Date.now();
  let lateUntil = 0;
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > LEASE_MS) lateUntil = now + LEASE_MS;
    last = now;
    try {
      act(now < lateUntil);
    } catch (error) {
      log.error({ err: error }, "cannot look after runs");
    }
  }, EVERY_MS);
  return timer.unref();
}
