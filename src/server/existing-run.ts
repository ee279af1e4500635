/** Runs that a caller named, or a refusal that names the one that is not there. */
import { RequestError } from "../core/errors.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Run } from "../core/run/run.js";

export async function existingRun(id: string, store: Pick<RunStore, "getRun">): Promise<Run> {
  const run = await store.getRun(id);
  if (run === null) throw new RequestError("unknown_run", `there is no run "${id}": list_runs shows those there are`);
  return run;
}
