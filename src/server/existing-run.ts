/** Looks up a run that a caller names. */
import { RequestError } from "../core/errors.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Run } from "../core/run/run.js";

/** Rejects with RequestError where there is no such run. */
export async function existingRun(id: string, store: Pick<RunStore, "getRun">): Promise<Run> {
  const run = await store.getRun(id);
  if (run === null) throw new RequestError("unknown_run", `there is no run "${id}": list_runs lists the runs`);
  return run;
}
