/** Which runs that nobody holds go on here, and how this process gets hold of them. */
import { ConfigError } from "../../core/errors.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunEvent } from "../../core/run/event.js";
import { MAX_ATTEMPTS, RESUMED_WITHIN_MS } from "../../core/run/limits.js";
import type { Run } from "../../core/run/run.js";
import type { AgentDeps } from "../loop/run-agent.js";
import { openAgentDeps } from "../request/agent-deps.js";
import { requirementsOf } from "../request/requirements.js";
import type { RuntimeParts, Setup } from "../runtime.js";
import { loadReplay } from "../state/replay.js";

/** The runs that do not go on here, as of the last look. */
export interface SkippedRuns {
  has(runId: string): boolean;
  /** Says why, once. */
  add(runs: readonly Run[], why: readonly string[]): void;
  delete(runs: readonly Run[]): void;
}

export function createSkippedRuns({ bus }: Pick<RuntimeParts, "bus">, log: Log): SkippedRuns {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(runs, why) {
      const added = runs.map(({ id }) => id).filter((id) => !ids.has(id));
      if (added.length > 0) log.info({ runs: added, why }, "interrupted runs are left alone");
      for (const id of added) ids.add(id);
      for (const id of added) bus.publish(id, []); // waiting for them is of no more use
    },
    delete(runs) {
      for (const { id } of runs) ids.delete(id);
    },
  };
}

/** What has waited longest goes on first; a tree goes on whole, in one process. */
export async function claimRuns(runtime: RuntimeParts, skipped: SkippedRuns, log: Log): Promise<void> {
  const { store, project, clock, live } = runtime;
  const candidates = () => store.listUnowned(project, clock.now() - RESUMED_WITHIN_MS);
  if (candidates().length === 0) return; // the usual case costs one query
  let setup: Setup;
  try {
    setup = await runtime.setup();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return skipped.add(candidates(), [error.message]);
  }
  for (const tree of byTree(candidates())) {
    const left = tree.filter(({ status }) => status === "interrupted" && setup.resume === "manual");
    skipped.add(left, ["resume is manual"]);
    const runs = tree.filter((run) => !left.includes(run));
    const needsSlot = runs.some(({ parentRunId }) => parentRunId === null);
    if (runs.length === 0 || (needsSlot && live.freeSlots === 0)) continue;
    try {
      const ready = await Promise.all(runs.map((run) => readyToTake(run, setup, runtime)));
      const missing = ready.flatMap((run) => run.missing);
      if (missing.length > 0) skipped.add(runs, missing);
      else {
        skipped.delete(runs);
        claimTree(ready, runtime);
      }
    } catch (error) {
      // It keeps no other from going on.
      log.error({ err: error, runs: runs.map(({ id }) => id) }, "cannot take over interrupted runs");
    }
  }
}

/** The trees in the order of their oldest run; in each the children before their parents. */
function byTree(runs: readonly Run[]): readonly (readonly Run[])[] {
  const trees = new Map<string, Run[]>();
  for (const run of runs) trees.set(run.rootRunId, [...(trees.get(run.rootRunId) ?? []), run]);
  return [...trees.values()].map((tree) => tree.toSorted((left, right) => right.depth - left.depth));
}

interface ReadyRun {
  readonly run: Run;
  readonly missing: readonly string[];
  readonly agent: AgentDeps;
}

async function readyToTake(run: Run, setup: Setup, runtime: RuntimeParts): Promise<ReadyRun> {
  const { entries, missing } = await requirementsOf(run, setup, runtime.store);
  return { run, missing, agent: await openAgentDeps(entries, setup, runtime) };
}

/** All in one transaction, so that nothing is held whose past cannot be read. A run that another process was quicker with, or that was ended, is left out. */
function claimTree(ready: readonly ReadyRun[], { store, live, bus }: RuntimeParts): void {
  if (live.closed) return; // meanwhile
  const taken = store.together(() =>
    ready.flatMap(({ run, agent }) => {
      if (run.status === "interrupted" && run.attempts >= MAX_ATTEMPTS) {
        store.append({ runId: run.id, epoch: run.epoch }, [giveUp(run)]);
        return [];
      }
      const by = run.status === "waiting" ? "answer" : "recovery";
      const held = store.claim({ runId: run.id, epoch: run.epoch }, [{ type: "run_resumed", by }]);
      return held ? [{ run: held, past: loadReplay(held, store), agent }] : [];
    }),
  );
  // A parent that was given up has ended the children that were taken before it.
  const held = store.stillHeld(taken.map(({ run }) => ({ runId: run.id, epoch: run.epoch })));
  for (const { run, past: replay, agent } of taken) if (held.has(run.id)) live.begin(run, replay, agent);
  for (const { run } of ready) bus.publish(run.id, []);
}

function giveUp({ attempts }: Run): RunEvent {
  const message = `its process went away ${attempts + 1} times in a row without anything having been finished in between; resume_run tries again`;
  const error = { code: "recovery_exhausted", message };
  return { type: "run_finished", outcome: { status: "error", result: null, error } };
}
