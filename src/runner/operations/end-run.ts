/** Ends a run from outside its loop, in any process: the end is written first, then the work here is aborted. */
import type { EndedRun, RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import type { Outcome } from "../../core/run/run.js";
import type { EventBus } from "../live/event-bus.js";
import type { LiveRuns } from "../live/live-runs.js";

export interface EndDeps {
  readonly store: Pick<RunStore, "endTree">;
  readonly live: Pick<LiveRuns, "stop">;
  readonly bus: Pick<EventBus, "publish">;
  readonly redact: Redact;
}

/**
 * Resolves to the status before, and whether this ended the run: a status that does not allow the end stays as it is.
 * Living descendants are cancelled with the run. The outcome may hold secrets: `redact` has to know them before.
 */
export async function endRun(
  runId: string,
  outcome: Outcome,
  { store, live, bus, redact }: EndDeps,
): Promise<Omit<EndedRun, "id">> {
  const tree = await store.endTree(runId, redact.value(outcome));
  const ended = tree.filter((run) => run.ended).map(({ id }) => id);
  live.stop(ended, "ended");
  for (const id of ended) bus.publish(id, []);
  return tree.find(({ id }) => id === runId) ?? { was: outcome.status, ended: false };
}
