/** Takes up runs whose process went away, as far as this one has room and what they need. */
import type { RunEvent } from "../core/event.js";
import { MAX_ATTEMPTS, RESUMED_WITHIN_MS } from "../core/limits.js";
import type { Log } from "../core/ports.js";
import type { Run } from "../core/run.js";
import { openAgentDeps } from "./agent-deps.js";
import { answerExpired } from "./answer-run.js";
import { askHost, type Elicit } from "./ask-host.js";
import { loadPast } from "./load-past.js";
import { needsOf } from "./needs.js";
import type { AgentDeps } from "./run-agent.js";
import type { RuntimeParts, Setup } from "./runtime.js";

export interface TakeOver {
  /** From now on takes runs over, at once and whenever there is room. */
  begin(): void;
  /** Looks for runs to take over now. */
  look(): void;
  /** Whether an interrupted run is likely to go on by itself soon, so that waiting for it is of use. */
  expects(run: Run): boolean;
}

/** Nothing is taken over where the configuration says `resume: manual`. */
export function createTakeOver(runtime: RuntimeParts, elicit: Elicit, log: Log): TakeOver {
  const { store, live, watch } = runtime;
  let looking = false;
  let again = false;
  let begun = false;
  const notHere = new Map<string, readonly string[]>(); // what runs miss, as of the last look

  /** One look at a time; one that was asked for meanwhile follows it. What it fails at is tried again with the next. */
  async function look(): Promise<void> {
    again = true;
    if (!begun || looking) return;
    looking = true;
    try {
      while (again) {
        again = false;
        answerExpired(runtime);
        if (!live.closed) await takeOverAll(runtime, notHere, log);
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
    expects: (run) => begun && isCandidate(run, runtime) && !notHere.has(run.id),
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

/** What has waited longest goes on first; a tree goes on whole, in one process. */
async function takeOverAll(runtime: RuntimeParts, notHere: Map<string, readonly string[]>, log: Log): Promise<void> {
  const { store, project, clock, live } = runtime;
  const candidates = () => store.listUnheld(project, clock.now() - RESUMED_WITHIN_MS);
  if (candidates().length === 0) return; // the usual case costs one query
  const setup = await runtime.setup();
  for (const tree of byTree(candidates())) {
    const runs = tree.filter(({ status }) => status !== "interrupted" || setup.resume === "auto");
    const needsSlot = runs.some(({ parentRunId }) => parentRunId === null);
    if (needsSlot && live.freeSlots === 0) continue;
    const ready = await readyToTake(runs, setup, runtime);
    const missing = ready.flatMap((run) => run.missing);
    if (missing.length > 0 && !runs.every(({ id }) => notHere.has(id)))
      log.info({ runs: runs.map(({ id }) => id), missing }, "interrupted runs need what is not here");
    for (const { id } of runs) {
      if (missing.length > 0) notHere.set(id, missing);
      else notHere.delete(id);
    }
    if (missing.length === 0) takeUp(ready, runtime);
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

function readyToTake(runs: readonly Run[], setup: Setup, runtime: RuntimeParts): Promise<readonly ReadyRun[]> {
  return Promise.all(
    runs.map(async (run) => {
      const { entries, missing } = await needsOf(run, setup, runtime.store);
      return { run, missing, agent: await openAgentDeps(entries, setup, runtime) };
    }),
  );
}

/** All in one transaction. A run that another process was quicker with, or that was ended, is left out. */
function takeUp(ready: readonly ReadyRun[], { store, live, feed }: RuntimeParts): void {
  const taken = store.together(() =>
    ready.flatMap(({ run, agent }) => {
      if (run.status === "interrupted" && run.attempts >= MAX_ATTEMPTS) {
        store.append({ runId: run.id, epoch: run.epoch }, [giveUp(run)]);
        return [];
      }
      const by = run.status === "waiting" ? "answer" : "takeover";
      const held = store.takeOver({ runId: run.id, epoch: run.epoch }, [{ type: "run_resumed", by }]);
      return held ? [{ run: held, agent }] : [];
    }),
  );
  for (const { run, agent } of taken) live.begin(run, loadPast(run, store), agent);
  for (const { run } of ready) feed.publish(run.id, []);
}

function giveUp({ attempts }: Run): RunEvent {
  const message = `its process went away ${attempts + 1} times in a row without anything having been finished in between; resume_run tries again`;
  const error = { code: "recovery_exhausted", message };
  return { type: "run_finished", outcome: { status: "error", result: null, error } };
}
