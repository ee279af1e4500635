/** Continues runs whose process went away, or whose question was answered, as soon as a slot is free. */
import { ConfigError, newerVersion } from "../../core/errors.js";
import type { Run } from "../../core/run/run.js";
import { answerExpired } from "./answer-run.js";
import { type AskHostDeps, askHost } from "./ask-host.js";
import { type ClaimDeps, claimRuns, createSkippedRuns } from "./claim-runs.js";
import type { LiveRuns } from "./live-runs.js";
import { createRecentWindow } from "./recent-window.js";

export interface Recovery {
  /** From now on recovers runs, at once and whenever a slot is free. */
  begin(): void;
  /** Looks for runs to recover now. */
  look(): void;
  /** Whether this process puts the question of a waiting run to the person at the host, or is about to. */
  isAsking(runId: string): boolean;
  /** Whether an unowned run is likely to be recovered soon, so that waiting for it is useful. */
  expects(run: Run): boolean;
  /** Why no process recovers an interrupted run by itself; null where one with its requirements does. Rejects with StoreError. */
  obstacleTo(run: Run): Promise<string | null>;
}

export type RecoveryDeps = ClaimDeps &
  AskHostDeps & { readonly live: Pick<LiveRuns, "onRoom" | "onAsked" | "isWorking"> };

/** Recovers nothing where the configuration says `resume: manual`. */
export function createRecovery(deps: RecoveryDeps): Recovery {
  const { store, live, log } = deps;
  const skipped = createSkippedRuns(deps.bus, log);
  const since = createRecentWindow(deps.clock);
  /** Runs whose question this process puts to the person at the host. */
  const asking = new Set<string>();
  let looking = false;
  let again = false;
  let begun = false;
  let loggedOutdated = false;

  /** One look at a time; a look that was asked for meanwhile follows it. A failed look is tried again with the next one. */
  async function look(): Promise<void> {
    again = true;
    if (!begun || looking) return;
    looking = true;
    try {
      while (again) {
        again = false;
        await logOutdated();
        await answerExpired(deps);
        if (!live.closing.aborted) await claimRuns(skipped, since, deps);
      }
    } catch (error) {
      log.error({ err: error }, "cannot recover interrupted runs");
    } finally {
      looking = false;
    }
  }

  /** Once: a newer legwork has changed the database, and this process begins no more runs. */
  async function logOutdated(): Promise<void> {
    if (loggedOutdated || !(await store.isOutdated())) return;
    loggedOutdated = true;
    log.warn({}, `${newerVersion("the database").message}; this process finishes its runs and begins no others`);
  }

  /** Until the run has its answer, this process notices soon when another process writes one. */
  async function followQuestion(runId: string): Promise<void> {
    const unsubscribe = store.subscribe(() => void followed().catch((error: unknown) => logFailure(error, runId)));
    async function followed(): Promise<void> {
      const run = await store.getRun(runId);
      if (run?.status === "waiting" && run.question !== null) return;
      unsubscribe();
      await look();
    }
    asking.add(runId);
    try {
      const run = await store.getRun(runId);
      if (run) await askHost(run, deps);
    } finally {
      asking.delete(runId);
      deps.bus.publish(runId, []); // without a form, its caller has to act
    }
    await followed();
  }

  function logFailure(error: unknown, runId: string): void {
    log.error({ err: error, run: runId }, "cannot follow a question");
  }

  live.onRoom(() => void look());
  live.onAsked((runId) => void followQuestion(runId).catch((error: unknown) => logFailure(error, runId)));
  return {
    look: () => void look(),
    isAsking: (runId) => asking.has(runId) || live.isWorking(runId),
    expects: (run) => begun && isCandidate(run, deps.project, since()) && !skipped.has(run.id),
    async obstacleTo({ interruptedAt }) {
      if ((interruptedAt ?? 0) < since()) return "it was interrupted more than an hour ago";
      try {
        return (await deps.setup()).resume === "manual" ? "resume is manual in the configuration" : null;
      } catch (error) {
        if (error instanceof ConfigError) return error.message;
        throw error;
      }
    },
    begin() {
      begun = true;
      void look();
    },
  };
}

/** Whether an unowned run is recovered without a request. */
function isCandidate(run: Run, project: string, since: number): boolean {
  const { status, question, interruptedAt } = run;
  if (run.project !== project) return false;
  if (status === "waiting") return question === null;
  return status === "interrupted" && (interruptedAt ?? 0) >= since;
}
