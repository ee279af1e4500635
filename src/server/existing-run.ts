/** Runs that a caller named, or a refusal that names the one that is not there. */
import { RequestError } from "../core/errors.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Run } from "../core/run/run.js";

export function existingRun(id: string, store: RunStore): Run {
  const run = store.getRun(id);
  if (run === null) throw new RequestError("unknown_run", `there is no run "${id}": list_runs shows those there are`);
  return run;
}

export function existingRuns(ids: readonly string[], store: RunStore): readonly Run[] {
  return ids.map((id) => existingRun(id, store));
}
