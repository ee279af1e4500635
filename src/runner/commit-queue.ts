/** Saves what many runs have to save in one transaction. */
import { StoreError } from "../core/errors.js";
import type { RunEvent, StoredEvent } from "../core/event.js";
import type { CreateRunResult, NewRun, RunHold, RunStore } from "../core/ports.js";

const PATIENCE_MS = 5_000; // with another program that holds the database
const RETRY_MS = 50;
const GATHER_MS = 5; // the longest that a commit waits for others to share with

export interface CommitQueue {
  /** Resolves when the events are on disk; null when the hold is lost. Rejects with StoreError. */
  save(hold: RunHold, events: readonly RunEvent[]): Promise<readonly StoredEvent[] | null>;
  /** Resolves when the run is on disk. Rejects with StoreError, or with what `check` throws right before it is written. */
  create(run: NewRun, check: () => void): Promise<CreateRunResult>;
  /** Saves what is queued now. */
  flush(): void;
}

/** `write` runs inside the transaction, and once more where the transaction failed. */
interface Queued {
  write(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Syncing to disk is what a commit costs: a hundred runs at work, or at their start, share one instead of waiting for
 * each other's. While `alone` there is nobody to share with, and nothing is waited for.
 */
export function createCommitQueue(store: RunStore, alone: () => boolean): CommitQueue {
  let queue: Queued[] = [];

  function enqueue<T>(write: () => T, atOnce: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      let written: T;
      queue.push({
        write: () => {
          written = write();
        },
        resolve: () => resolve(written),
        reject,
      });
      if (atOnce) flush();
      else if (queue.length === 1) gather(1, performance.now() + GATHER_MS);
    });
  }

  /** Lets the event loop come round as long as each round brings more: answers tend to come in bursts. */
  function gather(seen: number, until: number): void {
    setImmediate(() => {
      if (queue.length > seen && performance.now() < until) gather(queue.length, until);
      else flush();
    });
  }

  function flush(): void {
    const batch = queue;
    queue = [];
    if (batch.length > 0) commit(batch, Date.now() + PATIENCE_MS);
  }

  function commit(batch: readonly Queued[], giveUpAt: number): void {
    try {
      store.together(() => {
        for (const { write } of batch) write();
      });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (error instanceof StoreError && error.isBusy && Date.now() < giveUpAt) {
        setTimeout(() => commit(batch, giveUpAt), RETRY_MS);
        return;
      }
      // What one of them writes may be what cannot be written: the others must not fail with it.
      if (batch.length === 1 || error instanceof StoreError) for (const { reject } of batch) reject(error);
      else for (const queued of batch) commit([queued], giveUpAt);
    }
  }

  return {
    save: (hold, events) => enqueue(() => store.append(hold, events), alone()),
    create(run, check) {
      const write = () => {
        check();
        return store.createRun(run);
      };
      return enqueue(write, false); // a host that spawns many runs asks for all of them in one breath
    },
    flush,
  };
}
