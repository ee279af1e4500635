/** Waits, within bounds, until runs have reached a state in which their caller can act. */
import { StoreError } from "../../core/errors.js";
import type { RunEvent } from "../../core/journal/event.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { RunStore } from "../../core/ports/run-store.js";
import { isEnded, type Run } from "../../core/run/run.js";
import type { EventBus, RunListener } from "../live/event-bus.js";
import type { LiveRuns } from "../live/live-runs.js";
import type { Recovery } from "../live/recovery.js";

const STOPS: readonly RunEvent["type"][] = ["run_finished", "question_asked"];

export interface WaitRequest {
  readonly runIds: readonly string[];
  readonly mode: "any" | "all";
  readonly milliseconds: number;
  /** Waits on where a run asks a person a question that the caller cannot answer. */
  readonly untilEnded?: boolean;
  /** Aborts when the caller has gone: the wait ends early. */
  readonly signal: AbortSignal;
  /** Follows the runs of this process; gets no events where a run was changed from elsewhere. */
  readonly listener?: RunListener;
}

export interface WaitDeps {
  readonly recovery: Pick<Recovery, "expects" | "isAsking" | "look">;
  readonly store: Pick<RunStore, "getRuns" | "statusOf" | "subscribe">;
  readonly bus: Pick<EventBus, "subscribe">;
  readonly live: Pick<LiveRuns, "troubleOf">;
  readonly log: Log;
}

/** Whether a longer wait for this run is useless: it ended, asks what no form asks, is not recovered here, or broke off here. */
export function needsCaller(run: Run, { live, recovery }: Pick<WaitDeps, "live" | "recovery">): boolean {
  const { id, status, question } = run;
  if (status === "waiting" && question !== null) return !recovery.isAsking(id);
  if (status === "interrupted" || status === "waiting") return !recovery.expects(run);
  return isEnded(status) || live.troubleOf(id) !== null;
}

/** Resolves to the runs as they are when enough of them need their caller, the time is up, or the caller has gone. */
export async function waitForRuns(request: WaitRequest, deps: WaitDeps): Promise<readonly Run[]> {
  const { store, bus, recovery, log } = deps;
  const { runIds, mode, milliseconds, signal, untilEnded = false } = request;
  const isOver = (run: Run) => (untilEnded ? isEnded(run.status) : needsCaller(run, deps));
  const first = await store.getRuns(runIds);
  const open = new Set(first.filter((run) => !isOver(run)).map(({ id }) => id));
  // A wait for the ends of all would otherwise sleep through a question.
  let isBlocked = first.some((run) => isOver(run) && !isEnded(run.status));
  const enough = () => isBlocked || (mode === "any" ? open.size < first.length : open.size === 0);
  if (milliseconds <= 0 || enough()) return first;

  await new Promise<void>((resolve) => {
    async function look(ids: readonly string[]): Promise<void> {
      const changed = await mayBeOver(ids, deps);
      for (const run of await store.getRuns(changed)) {
        if (isOver(run)) {
          open.delete(run.id);
          isBlocked ||= !isEnded(run.status);
        } else if (run.status !== "running") recovery.look();
      }
      if (enough()) settle();
    }
    const lookLogged = (ids: readonly string[]) =>
      void look(ids).catch((error: unknown) => {
        log.error({ err: error }, "cannot follow the runs of a wait");
        if (error instanceof StoreError && error.isFinal) settle(); // the caller gets it from the last read
      });
    const unsubscribe = [
      bus.subscribe(runIds, {
        onEvents(runId, events) {
          request.listener?.onEvents(runId, events);
          if (events.length === 0 || events.some(({ event }) => STOPS.includes(event.type))) lookLogged([runId]);
        },
        onActivity: (runId, activity) => request.listener?.onActivity?.(runId, activity),
      }),
      store.subscribe(() => lookLogged([...open])),
    ];
    const timer = setTimeout(settle, milliseconds);
    signal.addEventListener("abort", settle, { once: true });
    function settle(): void {
      for (const end of unsubscribe) end();
      clearTimeout(timer);
      signal.removeEventListener("abort", settle);
      resolve();
    }
    if (signal.aborted) settle();
    else lookLogged([...open]); // a change between the first look and now woke nobody
  });
  return await store.getRuns(runIds);
}

/** A status costs far less than a run, and most runs that are waited for are running. */
async function mayBeOver(ids: readonly string[], { store, live }: WaitDeps): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const id of ids) if ((await store.statusOf(id)) !== "running" || live.troubleOf(id) !== null) changed.push(id);
  return changed;
}
