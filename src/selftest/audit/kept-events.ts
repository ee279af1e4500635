/** Remembers the events that were on disk, to find any that are gone or changed later. */
import type { DatabaseObserver, RawEvent } from "../../core/ports/database-observer.js";
import { sha256 } from "../../lib/hash.js";

export interface KeptEvents {
  /** Remembers the events that a run's journal has now. */
  record(runId: string): void;
  /** Names each remembered event that `events`, the journal as it is now, lacks or has changed. */
  missing(runId: string, events: readonly RawEvent[]): readonly string[];
}

interface Kept {
  lastSeq: number;
  readonly digests: string[];
}

export function createKeptEvents(observer: DatabaseObserver): KeptEvents {
  const known = new Map<string, Kept>();
  return {
    record(runId) {
      const kept = known.get(runId) ?? { lastSeq: 0, digests: [] };
      known.set(runId, kept);
      for (const event of observer.events(runId, kept.lastSeq)) {
        kept.digests.push(digestOf(event));
        kept.lastSeq = event.seq;
      }
    },
    missing(runId, events) {
      const { digests } = known.get(runId) ?? { digests: [] };
      return digests.flatMap((digest, index) => {
        const event = events[index];
        return event !== undefined && digestOf(event) === digest ? [] : [`event ${index + 1} is gone or changed`];
      });
    },
  };
}

function digestOf({ seq, type, data }: RawEvent): string {
  return sha256(`${seq} ${type} ${data}`);
}
