/** Refuses runs and databases that a newer legwork has written to. */
import { newerVersion, type StoreError } from "../../core/errors.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";

export type JournalVersions = Pick<RunStore, "isOutdated" | "hasNewerEvents" | "getRun">;

/** Why this process may not continue a run, where a newer legwork is the cause; null otherwise. */
export async function newerFault(run: Run, store: JournalVersions): Promise<StoreError | null> {
  if (await store.isOutdated()) return newerVersion("the database");
  for (let part: Run | null = run; part !== null; ) {
    if (await store.hasNewerEvents(part.id)) return newerVersion(part.id);
    part = part.continues === null ? null : await store.getRun(part.continues);
  }
  return null;
}

/** Throws StoreError (newer_version) where the run's own journal cannot be read whole. */
export async function refuseNewer(runId: string, store: Pick<RunStore, "hasNewerEvents">): Promise<void> {
  if (await store.hasNewerEvents(runId)) throw newerVersion(runId);
}
