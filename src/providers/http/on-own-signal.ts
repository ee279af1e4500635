/** Gives each request of a vendor's SDK an abort signal of its own. */
import { untilAborted } from "../../lib/until-aborted.js";

/**
 * Runs a call with a signal of its own, because not every SDK removes its listeners; it aborts when the call fails, so that
 * nothing half-read stays open. Rejects with the reason as soon as `signal` aborts.
 */
export async function onOwnSignal<T>(signal: AbortSignal, call: (own: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted(); // SDKs send the request even where its signal has aborted
  const controller = new AbortController();
  const outcome = untilAborted(call(controller.signal), signal);
  const onAbort = () => controller.abort(signal.reason); // after the listener of untilAborted, whose reason counts
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await outcome;
  } catch (error) {
    controller.abort();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
