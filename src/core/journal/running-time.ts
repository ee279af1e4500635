/** The working time of a run: time in which no process worked on the run does not count against its deadline. */
import type { StoredEvent } from "./event.js";

/** The working time in milliseconds, from the events of one run in their order. */
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
    if (event.type !== "message_sent") last = at; // messages also arrive while no process works on the run
  }
  return since === null ? total : total + last - since;
}
