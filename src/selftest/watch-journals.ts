/** Tells each event once, soon after it is on disk. */
import type { DatabaseObserver } from "../core/ports/database-observer.js";

/** An event that has just come to lie on disk. */
export interface FreshEvent {
  readonly runId: string;
  readonly title: string;
  readonly type: string;
  /** It is the run's event of this type with that number, from 1. */
  readonly count: number;
  /** The process that holds the run, or held it to its end; null where nobody does. */
  readonly process: number | null;
}

export interface JournalWatch {
  /** The events since this was last asked. */
  fresh(): readonly FreshEvent[];
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

  function eventsOf(run: Watched): readonly FreshEvent[] {
    return observer.events(run.id, run.seq).map(({ seq, type }) => {
      const count = (run.counts.get(type) ?? 0) + 1;
      run.seq = seq;
      run.counts.set(type, count);
      return { runId: run.id, title: run.title, type, count, process: run.process };
    });
  }

  return {
    fresh() {
      const now = observer.changes();
      if (now === last) return [];
      last = now;
      const found: FreshEvent[] = [];
      const held = observer.held();
      for (const { id, title, process, lastSeq } of held) {
        const run = watched.get(id) ?? { id, title, seq: 0, process, counts: new Map() };
        watched.set(id, run);
        run.process = process;
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
