/** Remembers which events were on disk, so that one that is gone or changed later is noticed. */
import { createHash } from "node:crypto";
import type { DatabaseObserver, RawEvent } from "../core/ports/database-observer.js";

export interface KeptEvents {
  /** Takes note of what lies in the journal of a run now. */
  note(runId: string): void;
  /** What is not as it was, among the events of a run as they are now. */
  missing(runId: string, events: readonly RawEvent[]): readonly string[];
}

interface Kept {
  lastSeq: number;
  readonly digests: string[];
}

export function createKeptEvents(observer: DatabaseObserver): KeptEvents {
  const known = new Map<string, Kept>();
  return {
    note(runId) {
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
  return createHash("sha256").update(`${seq} ${type} ${data}`).digest("base64url").slice(0, 16);
}
