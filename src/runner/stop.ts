/** Why a live run is stopped from outside its loop: the reason of its abort signal. */

/**
 * timeout and stalled are ends that the loop itself records.
 * After the others it writes nothing: the end was, or will be, written by whoever gave the reason.
 */
export type StopReason = "timeout" | "stalled" | "ended" | "interrupted" | "lost";

/** Settles with the promise, or rejects with the signal's reason as soon as it aborts. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {}); // nobody listens any more after an abort
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
