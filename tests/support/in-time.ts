/** How long tests wait: far longer than a busy machine needs, and far shorter than what must not happen takes. */
import { vi } from "vitest";

const PATIENCE_MS = 30_000;
/** Bounds for what must not wait for a call of 20 s, or for ever. */
export const AT_ONCE_MS = 15_000;
export const CLOSE_BUDGET_MS = 15_000; // of 1.5 s; without it a server that ignores SIGTERM never ends

/** Resolves with what `check` returns, as soon as it throws nothing any more. */
export function eventually<T>(check: () => T | Promise<T>, milliseconds = PATIENCE_MS): Promise<T> {
  return vi.waitFor(check, { timeout: milliseconds, interval: 20 });
}
