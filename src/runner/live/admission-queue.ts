/** Lets those on who come in a crowd. */

/**
 * Resolves for one caller in each round of the event loop, in the order in which they came: between two of them whoever
 * asks for something else gets an answer.
 */
export function createAdmissionQueue(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const letOneOn = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(letOneOn);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(letOneOn);
    });
}
