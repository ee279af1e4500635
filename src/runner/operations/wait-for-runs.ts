/** Waits, within bounds, until runs have come to something their caller can act on. */

import type { RunStore } from "../../core/ports/run-store.js";
import type { RunEvent, StoredEvent } from "../../core/run/event.js";
import { isEnded, type Run } from "../../core/run/run.js";
import type { EventBus } from "../live/event-bus.js";
import type { LiveRuns } from "../live/live-runs.js";
import type { Recovery } from "../live/recovery.js";
import type { StoreWatch } from "../live/watch-store.js";

const STOPS: readonly RunEvent["type"][] = ["run_finished", "question_asked"];

export interface WaitRequest {
  readonly runIds: readonly string[];
  readonly mode: "any" | "all";
  readonly milliseconds: number;
  /** Waits on also where a run asks a person something, which the caller cannot answer. */
  readonly untilEnded?: boolean;
  /** Aborts when the caller has gone: then the wait ends early. */
  readonly signal: AbortSignal;
  /** Called with what runs of this process have saved, and with nothing when one was changed from elsewhere. */
  onEvent?(runId: string, events: readonly StoredEvent[]): void;
}

export interface WaitDeps {
  readonly recovery: Recovery;
  readonly store: RunStore;
  readonly bus: EventBus;
  readonly watch: StoreWatch;
  readonly live: Pick<LiveRuns, "troubleOf">;
}

/** Whether waiting longer for this run by itself is of no use: it ended, asks something, lost its process for good, or broke off here. */
export function needsCaller(run: Run, { live, recovery }: Pick<WaitDeps, "live" | "recovery">): boolean {
  const { id, status } = run;
  if (status === "interrupted" || status === "waiting") return !recovery.expects(run);
  return isEnded(status) || live.troubleOf(id) !== null;
}

/** What `needsCaller` may hold for: a status costs far less than a run, and most that are waited for are running. */
function mayNeedCaller(id: string, { store, live }: Pick<WaitDeps, "store" | "live">): boolean {
  return store.statusOf(id) !== "running" || live.troubleOf(id) !== null;
}

/** The runs as they are when enough of them need their caller, the time is up, or the caller has gone. */
export async function waitForRuns(request: WaitRequest, deps: WaitDeps): Promise<readonly Run[]> {
  const { store, bus, watch, recovery } = deps;
  const { runIds, mode, milliseconds, signal, untilEnded = false } = request;
  const isOver = (run: Run) => (untilEnded ? isEnded(run.status) : needsCaller(run, deps));
  const now = store.getRuns(runIds);
  const open = new Set(now.filter((run) => !isOver(run)).map(({ id }) => id));
  const enough = () => (mode === "any" ? open.size < now.length : open.size === 0);
  if (milliseconds <= 0 || enough()) return now;

  await new Promise<void>((resolve) => {
    const look = (ids: readonly string[]) => {
      for (const run of store.getRuns(ids.filter((id) => mayNeedCaller(id, deps)))) {
        if (isOver(run)) open.delete(run.id);
        else if (run.status !== "running") recovery.look();
      }
      if (enough()) settle();
    };
    const unsubscribe = bus.subscribe(runIds, (runId, events) => {
      request.onEvent?.(runId, events);
      if (events.length === 0 || events.some(({ event }) => STOPS.includes(event.type))) look([runId]);
    });
    const unwatch = watch.subscribe(() => look([...open]));
    const timer = setTimeout(settle, milliseconds);
    signal.addEventListener("abort", settle, { once: true });
    function settle(): void {
      unsubscribe();
      unwatch();
      clearTimeout(timer);
      signal.removeEventListener("abort", settle);
      resolve();
    }
    if (signal.aborted) settle();
    else look([...open]); // what happened between the first look and now woke nobody
  });
  return store.getRuns(runIds);
}
