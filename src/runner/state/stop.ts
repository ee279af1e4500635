/** Why a live run is stopped from outside its loop: the reason of its abort signal. */

/**
 * timeout and stalled are ends that the loop itself records.
 * After the others it writes nothing: the end was, or will be, written by whoever gave the reason.
 */
export type StopReason = "timeout" | "stalled" | "ended" | "interrupted" | "lost";
