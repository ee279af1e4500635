/** Ends a run from outside its loop, whoever owns it: the end is written first, then what goes on here is aborted. */
import type { RunStore } from "../core/ports.js";
import { isEnded, type Outcome, type RunStatus } from "../core/run.js";
import type { EventFeed } from "./event-feed.js";
import type { LiveRuns } from "./live-runs.js";

export interface EndDeps {
  readonly store: RunStore;
  readonly live: LiveRuns;
  readonly feed: EventFeed;
}

/** What the run was before; a run that had already ended stays as it is. Its living descendants are cancelled with it. */
export function endRun(runId: string, outcome: Outcome, { store, live, feed }: EndDeps): RunStatus {
  const tree = store.endTree(runId, outcome);
  const ended = tree.filter(({ was }) => !isEnded(was)).map(({ id }) => id);
  live.stop(ended, "cancelled");
  for (const id of ended) feed.publish(id, []);
  return tree.find(({ id }) => id === runId)?.was ?? outcome.status;
}
