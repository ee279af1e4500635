/** Drives one run: saves each commit of its loop before the loop continues, and stops it when its time is up. */
import { isNewerVersion, isOutOfFiles, StoreError, TOO_MANY_FILES } from "../../core/errors.js";
import type { RunEvent, StoredEvent } from "../../core/journal/event.js";
import type { Clock, Log } from "../../core/ports/clock-and-log.js";
import type { ModelActivity } from "../../core/ports/provider.js";
import type { Commit, RunLease, RunStore } from "../../core/ports/run-store.js";
import type { Run } from "../../core/run/run.js";
import { runAgent } from "../loop/run-agent.js";
import { createMailbox, type Mailbox } from "../state/mailbox.js";
import type { Replay } from "../state/replay.js";
import { createStallTimer } from "../state/stall-timer.js";
import type { StopReason } from "../state/stop.js";
import type { AgentDeps } from "../state/turn-context.js";
import type { EventBus } from "./event-bus.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1; // 24 days; a longer timer fires at once

export interface DriveDeps {
  readonly store: Pick<RunStore, "listEvents" | "append">;
  readonly bus: Pick<EventBus, "publish" | "tell">;
  readonly log: Log;
}

export type Driven =
  | { readonly kind: "done" | "waiting" }
  /** The store failed: the row of the run still says running, until it can be marked as interrupted for this reason. */
  | { readonly kind: "broken"; readonly trouble: string; readonly reason: string; readonly at: number };

const DONE: Driven = { kind: "done" };

/** Resolves when this process has stopped working on the run. Never rejects. */
export async function driveRun(
  run: Run,
  replay: Replay,
  controller: AbortController,
  agent: AgentDeps,
  deps: DriveDeps,
): Promise<Driven> {
  const lease: RunLease = { runId: run.id, epoch: run.epoch };
  const stopFor = (reason: StopReason) => () => controller.abort(reason);
  const deadline = setTimeout(stopFor("timeout"), timerMs(replay.millisecondsLeft)).unref();
  const stall = createStallTimer(timerMs(run.request.limits.stallSeconds * 1000), stopFor("stalled"));
  try {
    const mailbox = createMailbox(run.id, replay.lastSeq, deps.store);
    const begins: readonly RunEvent[] = run.status === "pending" ? [{ type: "run_started" }] : [];
    if ((await save(lease, { events: begins, blobs: [] }, mailbox, controller, deps)) === null) return DONE;
    const onActivity = (activity: ModelActivity) => {
      stall.refresh();
      if (activity.kind !== "progress") deps.bus.tell(run.id, activity);
    };
    const watch = { signal: controller.signal, stall, onActivity };
    let last: RunEvent["type"] | null = null;
    const loop = runAgent(run, replay, mailbox, watch, agent);
    let step = await loop.next();
    try {
      while (!step.done) {
        const saved = await save(lease, step.value, mailbox, controller, deps);
        if (saved === null) return DONE;
        last = saved.at(-1)?.event.type ?? last;
        stall.refresh();
        step = await loop.next(saved);
      }
    } finally {
      await loop.return();
    }
    return last === "question_asked" ? { kind: "waiting" } : DONE;
  } catch (error) {
    return await recordBreak(error, lease, controller, agent.clock, deps);
  } finally {
    clearTimeout(deadline);
    stall.stop();
  }
}

function timerMs(milliseconds: number): number {
  return Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MS);
}

/** The events as they were saved; null where this process has lost the run: the loop must stop. */
async function save(
  lease: RunLease,
  commit: Commit,
  mailbox: Mailbox,
  controller: AbortController,
  { store, bus }: DriveDeps,
): Promise<readonly StoredEvent[] | null> {
  if (commit.events.length === 0) return [];
  const stored = await store.append(lease, commit, { durable: !onlyReadsFollow(commit.events) });
  if (stored === null) {
    controller.abort("lost" satisfies StopReason);
    return null;
  }
  mailbox.saved(stored);
  bus.publish(lease.runId, stored);
  return stored;
}

/** Whether only read-only calls come next: repeated after a power failure, they do no harm. */
function onlyReadsFollow(events: readonly RunEvent[]): boolean {
  if (events.at(-1)?.type !== "tool_call_started") return false;
  return events.every((event) => event.type !== "tool_call_started" || event.effect === "read_only");
}

/**
 * Stops the run after a failure of the store or of legwork itself. A failed store, a system without a further file, or a newer
 * legwork that has written to the run interrupts it: its work is not lost. A bug of legwork ends it, for it would come up again.
 */
async function recordBreak(
  error: unknown,
  lease: RunLease,
  controller: AbortController,
  clock: Clock,
  { store, bus, log }: DriveDeps,
): Promise<Driven> {
  if (isNewerVersion(error)) log.warn({ err: error, run: lease.runId }, "a run is left to a newer legwork");
  else log.error({ err: error, run: lease.runId }, "a run broke off");
  controller.abort("lost" satisfies StopReason);
  const broken = (reason: string, trouble = reason): Driven => ({ kind: "broken", trouble, reason, at: clock.now() });
  if (error instanceof StoreError)
    return broken(error.code === "store" ? `the database failed: ${error.message}` : error.message, error.message);
  if (isOutOfFiles(error)) return broken(TOO_MANY_FILES);
  const failure = { code: "internal", message: `internal error, run ${lease.runId}` };
  const end: RunEvent = { type: "run_finished", outcome: { status: "error", result: null, error: failure } };
  try {
    const stored = await store.append(lease, { events: [end], blobs: [] }, { durable: true });
    if (stored) bus.publish(lease.runId, stored);
    return DONE;
  } catch (cause) {
    log.error({ err: cause, run: lease.runId }, "the end of the run could not be written either");
    return broken(failure.message);
  }
}
