/** How long a run was worked on: the time while nobody held it does not count against its deadline. */
import type { StoredEvent } from "./event.js";

/** Milliseconds, from the events of one run in their order. */
export function runningTime(events: readonly StoredEvent[]): number {
  let total = 0;
  let since: number | null = null;
  let last = 0;
  for (const { at, event } of events) {
    if (since !== null && event.type === "run_interrupted") {
      total += Math.max(last, Math.min(event.until, at)) - since;
      since = null;
    }
    if (since !== null && (event.type === "run_finished" || event.type === "question_asked")) {
      total += at - since;
      since = null;
    }
    if (event.type === "run_started" || event.type === "run_resumed") since = at;
    if (event.type !== "message_sent") last = at; // which comes from outside, also while nobody works on the run
  }
  return since === null ? total : total + last - since;
}
