/** Drives one run: saves what the loop yields before it goes on, and stops it when its time is up. */
import { StoreError } from "../core/errors.js";
import type { RunEvent } from "../core/event.js";
import type { Log, RunHold } from "../core/ports.js";
import type { Run } from "../core/run.js";
import type { CommitQueue } from "./commit-queue.js";
import type { EventFeed } from "./event-feed.js";
import type { Past } from "./load-past.js";
import { type AgentDeps, runAgent } from "./run-agent.js";
import type { StopReason } from "./stop.js";

export interface DriveDeps {
  readonly commits: CommitQueue;
  readonly feed: EventFeed;
  readonly log: Log;
}

/**
 * Resolves when nothing of the run happens in this process any more: with the reason where even its end could not be
 * written, so that its row still says running, and else with null. Never rejects.
 */
export async function driveRun(
  run: Run,
  past: Past,
  controller: AbortController,
  agent: AgentDeps,
  deps: DriveDeps,
): Promise<string | null> {
  const hold: RunHold = { runId: run.id, epoch: run.epoch };
  const stopAfter = (milliseconds: number, reason: StopReason) =>
    setTimeout(() => controller.abort(reason), Math.max(0, milliseconds)).unref();
  const deadline = stopAfter(past.millisecondsLeft, "timeout");
  const stall = stopAfter(run.request.limits.stallSeconds * 1000, "stalled");
  try {
    const begins: readonly RunEvent[] = run.status === "pending" ? [{ type: "run_started" }] : [];
    if (!(await save(hold, begins, controller, deps))) return null;
    for await (const events of runAgent(run, past, controller.signal, agent)) {
      if (!(await save(hold, events, controller, deps))) return null;
      stall.refresh();
    }
    return null;
  } catch (error) {
    return await recordBreak(error, hold, controller, deps);
  } finally {
    clearTimeout(deadline);
    clearTimeout(stall);
  }
}

/** False when the run is no longer ours: then nothing of it may go on. */
async function save(
  hold: RunHold,
  events: readonly RunEvent[],
  controller: AbortController,
  { commits, feed }: DriveDeps,
): Promise<boolean> {
  if (events.length === 0) return true;
  const stored = await commits.save(hold, events);
  if (stored === null) {
    controller.abort("lost" satisfies StopReason);
    return false;
  }
  feed.publish(hold.runId, stored);
  return true;
}

/** The database failing or a mistake of ours: the run stops, and says so where that can still be written. */
async function recordBreak(
  error: unknown,
  hold: RunHold,
  controller: AbortController,
  deps: DriveDeps,
): Promise<string | null> {
  deps.log.error({ err: error, run: hold.runId }, "a run broke off");
  controller.abort("lost" satisfies StopReason);
  const failure =
    error instanceof StoreError
      ? { code: "store", message: error.message }
      : { code: "internal", message: `internal error, run ${hold.runId}` };
  try {
    const outcome = { status: "error", result: null, error: failure } as const;
    const stored = await deps.commits.save(hold, [{ type: "run_finished", outcome }]);
    if (stored) deps.feed.publish(hold.runId, stored);
    return null;
  } catch (cause) {
    deps.log.error({ err: cause, run: hold.runId }, "its end could not be written either");
    return failure.message;
  }
}
