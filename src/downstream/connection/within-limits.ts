/** Limits a piece of work by a timeout and by the signal of its caller. */
import { setMaxListeners } from "node:events";

export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MAX_TIMER_MS = 2 ** 31 - 1; // a longer timer fires at once
const TIMED_OUT = "timed out"; // the server receives this text as the reason of the cancellation
const ABORTED = "cancelled by the caller";

/** Thrown where a limit stopped the work. `by` is reliable, unlike the error that the work threw. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  constructor(
    readonly by: "timeout" | "caller",
    options: { cause: unknown },
  ) {
    super(by === "timeout" ? TIMED_OUT : ABORTED, options);
  }
}

/**
 * Runs `work` with a signal of its own, which never aborts after the work has ended.
 * Throws Interruption where a limit stopped the work, else the error of the work.
 */
export async function withinLimits<T>(limits: Limits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const onAbort = () => own.abort(ABORTED);
  if (limits.signal.aborted) throw new Interruption("caller", { cause: limits.signal.reason });
  setMaxListeners(0, limits.signal); // a turn may make many calls under one signal; each removes its listener below
  limits.signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => own.abort(TIMED_OUT), Math.min(limits.timeoutMs, MAX_TIMER_MS));
  try {
    return await work(own.signal);
  } catch (error) {
    if (!own.signal.aborted) throw error;
    throw new Interruption(own.signal.reason === TIMED_OUT ? "timeout" : "caller", { cause: error });
  } finally {
    clearTimeout(timer);
    limits.signal.removeEventListener("abort", onAbort);
  }
}
