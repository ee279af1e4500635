/** Pings a server while it is at work. */
import { expect } from "vitest";
import type { TestHost } from "./host.js";

const EVERY_MS = 20;

/** The result of the work. Fails where the server answered none of the host's pings before the work had ended. */
export async function whilePinged<T>(host: TestHost, work: Promise<T>): Promise<T> {
  let answered = 0;
  let isDone = false;
  const pinging = (async () => {
    while (!isDone) {
      await host.client.ping();
      if (!isDone) answered += 1;
      await new Promise((settle) => setTimeout(settle, EVERY_MS));
    }
  })();
  const result = await work.finally(() => {
    isDone = true;
  });
  await pinging;
  expect(answered).toBeGreaterThan(0);
  return result;
}
