/** Runs as they are in truth: a run whose process is gone is interrupted, also before any process has marked it so. */
import type { RunStore } from "../../../core/ports/run-store.js";
import type { ListedRun, RunStatus } from "../../../core/run/run.js";
import { ANY_RUN } from "./find-run.js";

/** A list that a user asks for, with null for all. */
export interface AskedRuns {
  readonly status: readonly RunStatus[] | null;
  readonly agent: string | null;
  readonly project: string | null;
  readonly limit: number;
}

/** Newest first. Writes nothing. */
export async function observeRuns(
  { status, agent, project, limit }: AskedRuns,
  store: Pick<RunStore, "listRuns" | "listAbandoned" | "getRuns">,
): Promise<readonly ListedRun[]> {
  const abandoned = await store.listAbandoned();
  const filter = { ...ANY_RUN, status, agent, project, limit: limit + abandoned.length };
  const listed = await store.listRuns(filter);
  const known = new Set(listed.map(({ id }) => id));
  const isAsked = (run: ListedRun) =>
    (agent === null || run.request.agent === agent) && (project === null || run.project === project);
  const others = (await store.getRuns(abandoned)).filter((run) => !known.has(run.id) && isAsked(run));
  return [...listed, ...others]
    .map((run) => asObserved(run, abandoned))
    .filter((run) => status === null || status.includes(run.status))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

/** The run, interrupted where its process is gone. */
export function asObserved<T extends Pick<ListedRun, "id" | "status">>(run: T, abandoned: readonly string[]): T {
  return abandoned.includes(run.id) ? { ...run, status: "interrupted" } : run;
}
