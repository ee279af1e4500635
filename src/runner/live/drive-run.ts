/** Drives one run: saves what the loop yields before it goes on, and stops it when its time is up. */
import { StoreError } from "../../core/errors.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunLease, RunStore } from "../../core/ports/run-store.js";
import type { RunEvent } from "../../core/run/event.js";
import type { Run } from "../../core/run/run.js";
import type { CommitQueue } from "../../store/sqlite/connection/commit-queue.js";
import { type AgentDeps, runAgent } from "../loop/run-agent.js";
import { createMailbox, type Mailbox } from "../state/mailbox.js";
import type { Replay } from "../state/replay.js";
import type { StopReason } from "../state/stop.js";
import type { EventBus } from "./event-bus.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1; // 24 days; a longer timer fires at once

export interface DriveDeps {
  readonly store: Pick<RunStore, "listEvents">;
  readonly commits: CommitQueue;
  readonly bus: EventBus;
  readonly log: Log;
}

export type Driven =
  | { readonly kind: "done" | "waiting" }
  /** Not even its end could be written, so that its row still says running. */
  | { readonly kind: "broken"; readonly reason: string };

const DONE: Driven = { kind: "done" };

/** Resolves when nothing of the run happens in this process any more. Never rejects. */
export async function driveRun(
  run: Run,
  replay: Replay,
  controller: AbortController,
  agent: AgentDeps,
  deps: DriveDeps,
): Promise<Driven> {
  const lease: RunLease = { runId: run.id, epoch: run.epoch };
  const stopAfter = (milliseconds: number, reason: StopReason) =>
    setTimeout(() => controller.abort(reason), Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MS)).unref();
  const deadline = stopAfter(replay.millisecondsLeft, "timeout");
  const stall = stopAfter(run.request.limits.stallSeconds * 1000, "stalled");
  try {
    const mailbox = createMailbox(run.id, replay.lastSeq, deps.store);
    const begins: readonly RunEvent[] = run.status === "pending" ? [{ type: "run_started" }] : [];
    if (!(await save(lease, begins, mailbox, controller, deps))) return DONE;
    let last: RunEvent["type"] | null = null;
    for await (const events of runAgent(run, replay, mailbox, controller.signal, agent)) {
      if (!(await save(lease, events, mailbox, controller, deps))) return DONE;
      last = events.at(-1)?.type ?? last;
      stall.refresh();
    }
    return last === "question_asked" ? { kind: "waiting" } : DONE;
  } catch (error) {
    return await recordBreak(error, lease, controller, deps);
  } finally {
    clearTimeout(deadline);
    clearTimeout(stall);
  }
}

/** False when the run is no longer ours: then nothing of it may go on. */
async function save(
  lease: RunLease,
  events: readonly RunEvent[],
  mailbox: Mailbox,
  controller: AbortController,
  { commits, bus }: DriveDeps,
): Promise<boolean> {
  if (events.length === 0) return true;
  const stored = await commits.save(lease, events);
  if (stored === null) {
    controller.abort("lost" satisfies StopReason);
    return false;
  }
  mailbox.saved(stored);
  bus.publish(lease.runId, stored);
  return true;
}

/** The database failing or a mistake of ours: the run stops, and says so where that can still be written. */
async function recordBreak(
  error: unknown,
  lease: RunLease,
  controller: AbortController,
  deps: DriveDeps,
): Promise<Driven> {
  deps.log.error({ err: error, run: lease.runId }, "a run broke off");
  controller.abort("lost" satisfies StopReason);
  const failure =
    error instanceof StoreError
      ? { code: "store", message: error.message }
      : { code: "internal", message: `internal error, run ${lease.runId}` };
  try {
    const outcome = { status: "error", result: null, error: failure } as const;
    const stored = await deps.commits.save(lease, [{ type: "run_finished", outcome }]);
    if (stored) deps.bus.publish(lease.runId, stored);
    return DONE;
  } catch (cause) {
    deps.log.error({ err: cause, run: lease.runId }, "its end could not be written either");
    return { kind: "broken", reason: failure.message };
  }
}
