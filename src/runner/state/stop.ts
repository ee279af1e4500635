/** Why a live run is stopped from outside its loop: the reason of its abort signal. */

/**
 * The loop itself records `timeout` and `stalled`. After any other reason it writes nothing: the code that aborted the signal
 * records the end, or another process owns the run.
 */
export type StopReason = "timeout" | "stalled" | "ended" | "interrupted" | "lost";
