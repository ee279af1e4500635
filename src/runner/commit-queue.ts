/** Saves what many runs have to save in one transaction, each time the event loop comes round. */
import type { RunEvent, StoredEvent } from "../core/event.js";
import type { Commit, RunHold, RunStore } from "../core/ports.js";

type Stored = readonly StoredEvent[] | null;

export interface CommitQueue {
  /** Resolves when the events are on disk; null when the hold is lost. Rejects with StoreError. */
  save(hold: RunHold, events: readonly RunEvent[]): Promise<Stored>;
  /** Saves what is queued now. */
  flush(): void;
}

interface Queued extends Commit {
  resolve(stored: Stored): void;
  reject(error: unknown): void;
}

/**
 * Syncing to disk is what a commit costs: a hundred runs at work share one instead of waiting for each other's.
 * While `alone` there is nobody to share with, and nothing is waited for.
 */
export function createCommitQueue(store: RunStore, alone: () => boolean): CommitQueue {
  let queue: Queued[] = [];

  function flush(): void {
    const batch = queue;
    queue = [];
    if (batch.length === 0) return;
    try {
      const stored = store.append(batch);
      for (const [index, { resolve }] of batch.entries()) resolve(stored[index] ?? null);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    save(hold, events) {
      return new Promise((resolve, reject) => {
        queue.push({ hold, events, resolve, reject });
        if (alone()) flush();
        else if (queue.length === 1) setImmediate(flush);
      });
    },
    flush,
  };
}
