/** Admits callers one by one. */

/**
 * Resolves for one caller in each round of the event loop, in the order of their calls: between two of them the process
 * answers other requests.
 */
export function createAdmissionQueue(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const admitNext = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(admitNext);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(admitNext);
    });
}
