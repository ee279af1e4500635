/** Reads the tools of a server again when it announces a change. */
import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 1_000; // some servers announce a change for every listing
const SHARE = 10; // a pause lasts so many times as long as the last reading, so that a flood costs a tenth of the time

/**
 * Returns the function to call at each announcement. It runs `read` until no further change is announced, at most once
 * a second and never twice at a time, and passes its errors to `onFault`.
 */
export function createFollower(read: () => Promise<void>, onFault: (error: unknown) => void): () => void {
  let changed = false;
  let following = false;

  async function follow(): Promise<void> {
    following = true;
    while (changed) {
      changed = false;
      const begun = performance.now();
      await read().catch(onFault);
      const pause = Math.max(PAUSE_MS, SHARE * (performance.now() - begun));
      await delay(pause, undefined, { ref: false });
    }
    following = false;
  }

  return () => {
    changed = true;
    if (!following) void follow();
  };
}
