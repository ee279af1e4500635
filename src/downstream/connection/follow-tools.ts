/** Reads the tools of a server again when it announces a change. */
import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 1_000; // some servers announce a change for every listing

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
      await read().catch(onFault);
      await delay(PAUSE_MS, undefined, { ref: false });
    }
    following = false;
  }

  return () => {
    changed = true;
    if (!following) void follow();
  };
}
