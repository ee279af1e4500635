/** Divides a long piece of work, so that a process answers in between. */

const LONGEST_MS = 10; // of work without a pause

/** Returns a function to await before each part of the work; it pauses where the parts since the last pause took long. */
export function createPauses(): () => Promise<void> | void {
  let begun = performance.now();
  return () => {
    if (performance.now() - begun < LONGEST_MS) return;
    return new Promise((resolve) => {
      setImmediate(() => {
        begun = performance.now();
        resolve();
      });
    });
  };
}
