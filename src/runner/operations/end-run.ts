/** Ends a run from outside its loop, whoever owns it: the end is written first, then what goes on here is aborted. */
import type { EndedRun, RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import type { Outcome } from "../../core/run/run.js";
import type { EventBus } from "../live/event-bus.js";
import type { LiveRuns } from "../live/live-runs.js";

export interface EndDeps {
  readonly store: RunStore;
  readonly live: LiveRuns;
  readonly bus: EventBus;
  readonly redact: Redact;
}

/**
 * What the run was before, and whether this ended it: a run whose status does not allow that end stays as it is.
 * Its living descendants are cancelled with it. What a host says of the end may hold secrets: they have to be known before.
 */
export function endRun(runId: string, outcome: Outcome, deps: EndDeps): Omit<EndedRun, "id"> {
  const { store, live, bus, redact } = deps;
  live.flush(); // what is finished counts
  const tree = store.endTree(runId, redact.value(outcome));
  const ended = tree.filter((run) => run.ended).map(({ id }) => id);
  live.stop(ended, "ended");
  for (const id of ended) bus.publish(id, []);
  return tree.find(({ id }) => id === runId) ?? { was: outcome.status, ended: false };
}
