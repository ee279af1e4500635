/** The journal from which a process continues a run: its own, behind those of the runs whose history it shares. */

import type { RunEvent, StoredEvent } from "../../core/journal/event.js";
import { runningTime } from "../../core/journal/running-time.js";
import type { RunStore } from "../../core/ports/run-store.js";
import { toFirstMessage } from "../../core/run/context.js";
import type { Run, RunRequest } from "../../core/run/run.js";

export interface Replay {
  /** The first message of the history. */
  readonly firstMessage: string;
  readonly events: readonly RunEvent[];
  /** The seq of the last event of the run itself. */
  readonly lastSeq: number;
  /** The rest of the run's working time; not positive where none is left. */
  readonly millisecondsLeft: number;
}

type Journals = Pick<RunStore, "listEvents" | "getRun">;

/** Whole texts of answers that their events hold in part, by hash. */
export type Texts = ReadonlyMap<string, string>;

/** The replay of a run that has just been created with a history of its own. */
export function newReplay(request: RunRequest): Replay {
  const { limits } = request;
  return {
    firstMessage: toFirstMessage(request),
    events: [],
    lastSeq: 1,
    millisecondsLeft: limits.timeoutSeconds * 1000,
  };
}

/** Rejects with StoreError. */
export async function loadReplay(run: Run, store: Journals): Promise<Replay> {
  return replayOf(run, await store.listEvents(run.id, { afterSeq: 0 }), store);
}

/** The same where the events of the run are known already. */
export async function replayOf(run: Run, own: readonly StoredEvent[], store: Journals): Promise<Replay> {
  const source = await loadSource(run, store);
  return {
    firstMessage: source?.firstMessage ?? toFirstMessage(run.request),
    events: [...(source?.events ?? []), ...own.map(({ event }) => event)],
    lastSeq: own.at(-1)?.seq ?? 0,
    millisecondsLeft: run.request.limits.timeoutSeconds * 1000 + grantedTime(own) - runningTime(own),
  };
}

/** The whole texts of the answers that conditions see next: those of the calls that ended together last. */
export async function loadTexts({ events }: Pick<Replay, "events">, readBlob: RunStore["getBlob"]): Promise<Texts> {
  const texts = new Map<string, string>();
  const end = events.findLastIndex(({ type }) => type === "tool_call_finished");
  const before = events.slice(0, end + 1);
  const start = before.findLastIndex(({ type }) => type === "tool_call_started");
  for (const event of before.slice(start + 1)) {
    if (event.type !== "tool_call_finished" || event.blob === undefined) continue;
    const text = await readBlob(event.blob);
    if (text !== null) texts.set(event.blob, text);
  }
  return texts;
}

async function loadSource({ id, continues }: Run, store: Journals): Promise<Replay | null> {
  if (continues === null) return null;
  const source = await store.getRun(continues);
  if (source === null) throw new Error(`run ${id} continues ${continues}, which is gone`);
  return await loadReplay(source, store);
}

function grantedTime(events: readonly StoredEvent[]): number {
  const seconds = events.map(({ event }) => (event.type === "run_resumed" ? (event.moreSeconds ?? 0) : 0));
  return seconds.reduce((sum, each) => sum + each, 0) * 1000;
}
