/** Pings a server while it is at work. */
import type { TestHost } from "./host.js";

const EVERY_MS = 20;

/** The result of the work, and how long each ping took that was sent meanwhile, in milliseconds. */
export async function pingWhile<T>(host: TestHost, work: Promise<T>): Promise<{ result: T; pings: readonly number[] }> {
  const pings: number[] = [];
  let isDone = false;
  const pinging = (async () => {
    while (!isDone) {
      const begun = performance.now();
      await host.client.ping();
      pings.push(performance.now() - begun);
      await new Promise((settle) => setTimeout(settle, EVERY_MS));
    }
  })();
  try {
    return { result: await work, pings };
  } finally {
    isDone = true;
    await pinging;
  }
}
