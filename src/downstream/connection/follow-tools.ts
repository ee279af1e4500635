/** Keeps up with a server that says that its tools have changed. */
import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 1_000; // some servers announce a change for every listing

/**
 * Returns what to call at each announcement: `read` then runs until no change is announced any more, at most once a
 * second and never twice at a time. What it throws goes to `onFault`.
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
