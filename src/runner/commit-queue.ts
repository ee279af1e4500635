/** Saves what many runs have to save in one transaction, each time the event loop comes round. */
import { StoreError } from "../core/errors.js";
import type { RunEvent, StoredEvent } from "../core/event.js";
import type { Commit, RunHold, RunStore } from "../core/ports.js";

const PATIENCE_MS = 5_000; // with another program that holds the database
const RETRY_MS = 50;

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
    if (batch.length > 0) commit(batch, Date.now() + PATIENCE_MS);
  }

  function commit(batch: readonly Queued[], giveUpAt: number): void {
    try {
      const stored = store.append(batch);
      for (const [index, { resolve }] of batch.entries()) resolve(stored[index] ?? null);
    } catch (error) {
      if (error instanceof StoreError && error.isBusy && Date.now() < giveUpAt) {
        setTimeout(() => commit(batch, giveUpAt), RETRY_MS);
        return;
      }
      // One run's events may be what cannot be written: the others must not fail with it.
      if (batch.length === 1 || error instanceof StoreError) for (const { reject } of batch) reject(error);
      else for (const queued of batch) commit([queued], giveUpAt);
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
