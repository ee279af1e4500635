/** The time within which an interrupted run is recovered without a request. */
import { uptime } from "node:os";
import type { Clock } from "../../core/ports/clock-and-log.js";
import { LEASE_MS, RESUMED_WITHIN_MS } from "../../core/run/limits.js";

/**
 * Returns the beginning of that time: an hour ago, and further back where this process has seen the clock being set forward
 * within the last hour. `steady` is a time in milliseconds that goes on while the machine sleeps and is never set.
 */
export function createRecentWindow(clock: Clock, steady = () => uptime() * 1000): () => number {
  let offset = clock.now() - steady();
  let setForward = 0;
  let setAt = 0;
  return () => {
    const [now, steadyNow] = [clock.now(), steady()];
    const jump = now - steadyNow - offset;
    offset = now - steadyNow;
    if (steadyNow - setAt > RESUMED_WITHIN_MS) setForward = 0;
    if (jump > LEASE_MS) {
      setForward += jump;
      setAt = steadyNow;
    }
    return now - RESUMED_WITHIN_MS - setForward;
  };
}
