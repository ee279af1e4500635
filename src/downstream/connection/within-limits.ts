/** Limits a piece of work by a timeout and by the signal of its caller. */
import { setMaxListeners } from "node:events";

export interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The time that the work may take where it extends its limit again and again. */
  readonly longestMs?: number;
}

const MAX_TIMER_MS = 2 ** 31 - 1; // a longer timer fires at once
const TIMED_OUT = "timed out"; // the server receives this text as the reason of the cancellation
const ABORTED = "cancelled by the caller";

/** Thrown where a limit stopped the work. `by` is reliable, unlike the error that the work threw. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  constructor(
    readonly by: "timeout" | "caller",
    /** The time after which it was stopped. */
    readonly seconds: number,
    options: { cause: unknown },
  ) {
    super(by === "timeout" ? TIMED_OUT : ABORTED, options);
  }
}

/**
 * Runs `work` with a signal of its own, which never aborts after the work has ended. `extend` gives the work its time
 * limit anew, up to `longestMs` in all.
 * Throws Interruption where a limit stopped the work, else the error of the work.
 */
export async function withinLimits<T>(
  limits: Limits,
  work: (signal: AbortSignal, extend: () => void) => Promise<T>,
): Promise<T> {
  const { timeoutMs, longestMs = timeoutMs } = limits;
  const own = new AbortController();
  const begun = performance.now();
  let isExtended = false;
  const stopAfter = (milliseconds: number) =>
    setTimeout(() => own.abort(TIMED_OUT), Math.min(milliseconds, MAX_TIMER_MS));
  const extend = () => {
    const left = begun + longestMs - performance.now();
    if (longestMs <= timeoutMs || left <= 0 || own.signal.aborted) return;
    isExtended = true;
    clearTimeout(timer);
    timer = stopAfter(Math.min(timeoutMs, left));
  };
  const onAbort = () => own.abort(ABORTED);
  if (limits.signal.aborted) throw new Interruption("caller", 0, { cause: limits.signal.reason });
  setMaxListeners(0, limits.signal); // a turn may make many calls under one signal; each removes its listener below
  limits.signal.addEventListener("abort", onAbort, { once: true });
  let timer = stopAfter(timeoutMs);
  try {
    return await work(own.signal, extend);
  } catch (error) {
    if (!own.signal.aborted) throw error;
    const seconds = isExtended ? Math.round((performance.now() - begun) / 100) / 10 : timeoutMs / 1000;
    throw new Interruption(own.signal.reason === TIMED_OUT ? "timeout" : "caller", seconds, { cause: error });
  } finally {
    clearTimeout(timer);
    limits.signal.removeEventListener("abort", onAbort);
  }
}
