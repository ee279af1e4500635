/** Finds the events that have come to lie on disk. */
import type { DatabaseObserver } from "../core/ports/database-observer.js";

/** An event that is new on disk. */
export interface NewEvent {
  readonly runId: string;
  readonly title: string;
  readonly type: string;
  /** Its number among the events of this type of the run, from 1. */
  readonly count: number;
  /** The process that holds the run, or held it to its end; null where none does. */
  readonly process: number | null;
}

export interface JournalWatch {
  /** The events since the last call. */
  newEvents(): readonly NewEvent[];
}

interface Watched {
  readonly id: string;
  readonly title: string;
  seq: number;
  process: number | null;
  readonly counts: Map<string, number>;
}

export function createJournalWatch(observer: DatabaseObserver): JournalWatch {
  const watched = new Map<string, Watched>();
  let last = Number.NaN;

  function eventsOf(run: Watched): readonly NewEvent[] {
    return observer.events(run.id, run.seq).map(({ seq, type }) => {
      const count = (run.counts.get(type) ?? 0) + 1;
      run.seq = seq;
      run.counts.set(type, count);
      return { runId: run.id, title: run.title, type, count, process: run.process };
    });
  }

  return {
    newEvents() {
      const now = observer.changes();
      if (now === last) return [];
      last = now;
      const found: NewEvent[] = [];
      const held = observer.unfinished();
      for (const { id, title, process, lastSeq } of held) {
        const run = watched.get(id) ?? { id, title, seq: 0, process, counts: new Map() };
        watched.set(id, run);
        run.process = process ?? run.process; // a run that asks lets its process go
        if (lastSeq > run.seq) found.push(...eventsOf(run));
      }
      const live = new Set(held.map(({ id }) => id));
      for (const run of watched.values()) {
        if (live.has(run.id)) continue;
        found.push(...eventsOf(run));
        watched.delete(run.id);
      }
      return found;
    },
  };
}
