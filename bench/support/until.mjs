/** Waits until a condition holds, for at most a minute. */
import { setTimeout as delay } from "node:timers/promises";

const MOST_MS = 60_000;

export async function until(holds) {
  const deadline = performance.now() + MOST_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${MOST_MS / 1000} s: ${holds}`);
    await delay(20);
  }
}
