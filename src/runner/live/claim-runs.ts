/** Chooses the unowned runs that this process continues, and claims them. */
import { ConfigError } from "../../core/errors.js";
import type { RunEvent } from "../../core/journal/event.js";
import type { Clock, Log } from "../../core/ports/clock-and-log.js";
import type { ClaimCandidate, RunStore } from "../../core/ports/run-store.js";
import { MAX_ATTEMPTS } from "../../core/run/limits.js";
import type { Run } from "../../core/run/run.js";
import type { JournalVersions } from "../request/newer-runs.js";
import { requirementsOf } from "../request/requirements.js";
import type { GetSetup, Setup } from "../request/setup.js";
import { replayOf } from "../state/replay.js";
import type { AgentDeps } from "../state/turn-context.js";
import type { EventBus } from "./event-bus.js";
import type { LiveRuns } from "./live-runs.js";
import type { OpenAgent } from "./open-agent.js";

export interface ClaimDeps {
  readonly project: string;
  readonly store: JournalVersions &
    Pick<RunStore, "listUnowned" | "lastEvents" | "listEvents" | "claimAll" | "interruptAll">;
  readonly live: Pick<LiveRuns, "begin" | "freeSlots" | "closing">;
  readonly bus: Pick<EventBus, "publish">;
  readonly clock: Clock;
  readonly log: Log;
  readonly setup: GetSetup;
  readonly openAgent: OpenAgent;
}

/** The runs that this process does not continue, as of the last look. */
export interface SkippedRuns {
  has(runId: string): boolean;
  /** Logs the reason, once a run. */
  add(runs: readonly Run[], why: readonly string[]): void;
  delete(runs: readonly Run[]): void;
}

export function createSkippedRuns(bus: ClaimDeps["bus"], log: Log): SkippedRuns {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(runs, why) {
      const added = runs.map(({ id }) => id).filter((id) => !ids.has(id));
      if (added.length > 0) log.info({ runs: added, why }, "interrupted runs are skipped");
      for (const id of added) ids.add(id);
      for (const id of added) bus.publish(id, []); // waiting for them is no longer useful
    },
    delete(runs) {
      for (const { id } of runs) ids.delete(id);
    },
  };
}

/**
 * The run that has waited longest comes first; a tree is claimed whole, by one process. Leaves out runs that nobody has
 * worked on since `since`.
 */
export async function claimRuns(skipped: SkippedRuns, since: () => number, deps: ClaimDeps): Promise<void> {
  const { store, project, live, log } = deps;
  const listCandidates = () => store.listUnowned(project, since());
  const candidates = await listCandidates();
  if (candidates.length === 0) return; // the usual case costs one query
  let setup: Setup;
  try {
    setup = await deps.setup();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return skipped.add(candidates, [error.message]);
  }
  for (const tree of byTree(await listCandidates())) {
    const manual = tree.filter(({ status }) => status === "interrupted" && setup.resume === "manual");
    skipped.add(manual, ["resume is manual"]);
    const runs = tree.filter((run) => !manual.includes(run));
    const needsSlot = runs.some(({ parentRunId }) => parentRunId === null);
    if (runs.length === 0 || (needsSlot && live.freeSlots === 0)) continue;
    try {
      await claimWhereMet(runs, setup, skipped, deps);
    } catch (error) {
      // One tree that fails keeps no other from being claimed.
      log.error({ err: error, runs: runs.map(({ id }) => id) }, "cannot recover interrupted runs");
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

async function claimWhereMet(runs: readonly Run[], setup: Setup, skipped: SkippedRuns, deps: ClaimDeps): Promise<void> {
  const ready = await Promise.all(runs.map((run) => readyToClaim(run, setup, deps)));
  const missing = ready.flatMap((run) => run.missing);
  if (missing.length > 0) return skipped.add(runs, missing);
  skipped.delete(runs);
  await claimTree(ready, deps);
}

async function readyToClaim(run: Run, setup: Setup, { store, openAgent }: ClaimDeps): Promise<ReadyRun> {
  const { entries, missing } = await requirementsOf(run, setup, store);
  return { run, missing, agent: await openAgent(entries, setup) };
}

/** A run that another process claimed or ended first is left out. */
async function claimTree(ready: readonly ReadyRun[], { store, live, bus, log }: ClaimDeps): Promise<void> {
  if (live.closing.aborted) return; // meanwhile
  const claimed = await store.claimAll(ready.map(({ run }) => toCandidate(run)));
  for (const { run, events } of claimed) {
    const agent = ready.find((candidate) => candidate.run.id === run.id)?.agent;
    if (!agent) continue;
    try {
      live.begin(run, await replayOf(run, events, store), agent);
    } catch (error) {
      log.error({ err: error, run: run.id }, "cannot replay a claimed run");
      await store.interruptAll([{ runId: run.id, epoch: run.epoch }], "its journal could not be read", {
        withinMs: REPAIR_WITHIN_MS,
      });
    }
  }
  for (const { run } of ready) bus.publish(run.id, []);
}

const REPAIR_WITHIN_MS = 1_000;

function toCandidate(run: Run): ClaimCandidate {
  const { id: runId, epoch, status, attempts } = run;
  const lease = { runId, epoch };
  if (status === "interrupted" && attempts > MAX_ATTEMPTS) return { lease, events: [giveUp(run)] };
  return { lease, events: [{ type: "run_resumed", by: status === "waiting" ? "answer" : "recovery" }] };
}

function giveUp({ attempts }: Run): RunEvent {
  const message = `its process died ${attempts} times in a row without anything having been finished in between; resume_run tries again`;
  const error = { code: "recovery_exhausted", message };
  return { type: "run_finished", outcome: { status: "error", result: null, error } };
}
