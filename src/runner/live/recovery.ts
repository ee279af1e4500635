/** Takes up runs whose process went away, or whose question was answered, as soon as there is room. */

import type { Log } from "../../core/ports/clock-and-log.js";
import { RESUMED_WITHIN_MS } from "../../core/run/limits.js";
import type { Run } from "../../core/run/run.js";
import type { RuntimeParts } from "../runtime.js";
import { answerExpired } from "./answer-run.js";
import { askHost, type Elicit } from "./ask-host.js";
import { claimRuns, createSkippedRuns } from "./claim-runs.js";

export interface Recovery {
  /** From now on takes runs over, at once and whenever there is room. */
  begin(): void;
  /** Looks for runs to take over now. */
  look(): void;
  /** Whether an interrupted run is likely to go on by itself soon, so that waiting for it is of use. */
  expects(run: Run): boolean;
}

/** Nothing is taken over where the configuration says `resume: manual`. */
export function createRecovery(runtime: RuntimeParts, elicit: Elicit, log: Log): Recovery {
  const { store, live, watch } = runtime;
  let looking = false;
  let again = false;
  let begun = false;
  const skipped = createSkippedRuns(runtime, log);

  /** One look at a time; one that was asked for meanwhile follows it. What it fails at is tried again with the next. */
  async function look(): Promise<void> {
    again = true;
    if (!begun || looking) return;
    looking = true;
    try {
      while (again) {
        again = false;
        answerExpired(runtime);
        if (!live.closed) await claimRuns(runtime, skipped, log);
      }
    } catch (error) {
      log.error({ err: error }, "cannot take over interrupted runs");
    } finally {
      looking = false;
    }
  }

  /** Until the run has its answer, what other processes write is looked at soon. */
  function followQuestion(runId: string): void {
    const unwatch = watch.subscribe(followed);
    function followed(): void {
      const run = store.getRun(runId);
      if (run?.status === "waiting" && run.question !== null) return;
      unwatch();
      void look();
    }
    const run = store.getRun(runId);
    if (run) void askHost(run, elicit, runtime, log).finally(followed);
  }

  live.onRoom(() => void look());
  live.onAsked(followQuestion);
  return {
    look: () => void look(),
    expects: (run) => begun && isCandidate(run, runtime) && !skipped.has(run.id),
    begin() {
      begun = true;
      void look();
    },
  };
}

/** Whether a run that nobody holds goes on without being asked for. */
function isCandidate({ status, project, question, interruptedAt }: Run, runtime: RuntimeParts): boolean {
  if (project !== runtime.project) return false;
  if (status === "waiting") return question === null;
  return status === "interrupted" && (interruptedAt ?? 0) >= runtime.clock.now() - RESUMED_WITHIN_MS;
}
