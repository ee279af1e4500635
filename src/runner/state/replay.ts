/** What a run has behind it when it begins here: its journal, and that of the runs whose history it goes on from. */

import type { RunStore } from "../../core/ports/run-store.js";
import { toFirstMessage } from "../../core/run/context.js";
import type { RunEvent, StoredEvent } from "../../core/run/event.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import { runningTime } from "../../core/run/running-time.js";

export interface Replay {
  /** The first message of the history. */
  readonly firstMessage: string;
  readonly events: readonly RunEvent[];
  /** The seq of the last of the run's own. */
  readonly lastSeq: number;
  /** What is left of the time that the run may work; not positive where it is up. */
  readonly millisecondsLeft: number;
}

/** The past of a run that has just been created with a history of its own. */
export function newReplay(request: RunRequest): Replay {
  const { limits } = request;
  return {
    firstMessage: toFirstMessage(request),
    events: [],
    lastSeq: 1,
    millisecondsLeft: limits.timeoutSeconds * 1000,
  };
}

/** Throws StoreError. */
export function loadReplay(run: Run, store: Pick<RunStore, "listEvents" | "getRun">): Replay {
  const own = store.listEvents(run.id, { afterSeq: 0 });
  const before = loadSource(run, store);
  return {
    firstMessage: before?.firstMessage ?? toFirstMessage(run.request),
    events: [...(before?.events ?? []), ...own.map(({ event }) => event)],
    lastSeq: own.at(-1)?.seq ?? 0,
    millisecondsLeft: run.request.limits.timeoutSeconds * 1000 + granted(own) - runningTime(own),
  };
}

function loadSource({ id, continues }: Run, store: Pick<RunStore, "listEvents" | "getRun">): Replay | null {
  if (continues === null) return null;
  const source = store.getRun(continues);
  if (source === null) throw new Error(`run ${continues}, whose history ${id} goes on from, is gone`);
  return loadReplay(source, store);
}

function granted(events: readonly StoredEvent[]): number {
  const seconds = events.map(({ event }) => (event.type === "run_resumed" ? (event.moreSeconds ?? 0) : 0));
  return seconds.reduce((sum, each) => sum + each, 0) * 1000;
}
