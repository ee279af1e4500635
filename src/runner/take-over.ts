/** Takes up runs whose process went away, as far as this one has room and what they need. */
import { MAX_ATTEMPTS, RESUMED_WITHIN_MS } from "../core/limits.js";
import type { Log } from "../core/ports.js";
import type { Run } from "../core/run.js";
import { openAgentDeps } from "./agent-deps.js";
import { loadPast } from "./load-past.js";
import { needsOf } from "./needs.js";
import type { AgentDeps } from "./run-agent.js";
import type { RuntimeParts } from "./runtime.js";

export interface TakeOver {
  /** From now on takes runs over, at once and whenever there is room. */
  begin(): void;
  /** Looks for runs to take over now. */
  look(): void;
  /** Whether an interrupted run is likely to go on by itself soon, so that waiting for it is of use. */
  expects(run: Run): boolean;
}

/** Nothing is taken over where the configuration says `resume: manual`. */
export function createTakeOver(runtime: RuntimeParts, log: Log): TakeOver {
  let looking = false;
  let begun = false;
  const notHere = new Map<string, readonly string[]>(); // what runs miss, as of the last look

  /** One look at a time; what it fails at is tried again with the next. */
  async function look(): Promise<void> {
    if (!begun || looking || runtime.live.freeSlots === 0) return;
    looking = true;
    try {
      await takeOverAll(runtime, notHere, log);
    } catch (error) {
      log.error({ err: error }, "cannot take over interrupted runs");
    } finally {
      looking = false;
    }
  }

  runtime.live.onRoom(() => void look());
  return {
    look: () => void look(),
    expects: (run) => begun && isCandidate(run, runtime) && !notHere.has(run.id),
    begin() {
      begun = true;
      void look();
    },
  };
}

/** Whether an interrupted run goes on without being asked for. */
function isCandidate({ status, project, interruptedAt }: Run, runtime: RuntimeParts): boolean {
  const isRecent = interruptedAt !== null && interruptedAt >= runtime.clock.now() - RESUMED_WITHIN_MS;
  return status === "interrupted" && project === runtime.project && isRecent;
}

/** Oldest first, so that what has waited longest goes on first. */
async function takeOverAll(runtime: RuntimeParts, notHere: Map<string, readonly string[]>, log: Log): Promise<void> {
  const { store, project, clock, live } = runtime;
  const candidates = () => store.listInterrupted(project, clock.now() - RESUMED_WITHIN_MS);
  if (candidates().length === 0) return; // the usual case costs one query
  const setup = await runtime.setup();
  if (setup.resume === "manual") return;
  for (const run of candidates()) {
    if (live.freeSlots === 0) return;
    const needs = await needsOf(run, setup, store);
    if (needs.missing.length > 0) {
      if (!notHere.has(run.id)) log.info({ run: run.id, missing: needs.missing }, "an interrupted run needs more");
      notHere.set(run.id, needs.missing);
      continue;
    }
    notHere.delete(run.id);
    if (run.attempts >= MAX_ATTEMPTS) giveUp(run, runtime);
    else takeUp(run, await openAgentDeps(needs.entries, setup, runtime), runtime);
  }
}

function takeUp(run: Run, agent: AgentDeps, { store, live, feed }: RuntimeParts): void {
  if (live.freeSlots === 0) return;
  const taken = store.takeOver({ runId: run.id, epoch: run.epoch }, [{ type: "run_resumed", by: "takeover" }]);
  if (taken === null) return; // another process was first, or it was ended
  live.begin(taken, loadPast(taken, store), agent);
  feed.publish(taken.id, []);
}

/** Nothing is written where another process was first. */
function giveUp({ id, epoch, attempts }: Run, { store, feed }: RuntimeParts): void {
  const message = `its process went away ${attempts + 1} times in a row without anything having been finished in between; resume_run tries again`;
  const error = { code: "recovery_exhausted", message };
  store.append({ runId: id, epoch }, [{ type: "run_finished", outcome: { status: "error", result: null, error } }]);
  feed.publish(id, []);
}
