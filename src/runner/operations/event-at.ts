/** The event of a run that a caller names by its number. */
import { RequestError } from "../../core/errors.js";
import type { StoredEvent } from "../../core/journal/event.js";
import type { RunStore } from "../../core/ports/run-store.js";

/** Throws RequestError where there is no such event. */
export async function eventAt(runId: string, at: number, store: Pick<RunStore, "listEvents">): Promise<StoredEvent> {
  const [event] = await store.listEvents(runId, { afterSeq: at - 1, limit: 1 });
  if (event?.seq === at) return event;
  throw new RequestError("unknown_event", `at: ${runId} has no event ${at} so far: its events say their numbers`);
}
