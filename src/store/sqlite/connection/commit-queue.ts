/** Saves the writes of many runs in one transaction. */
import { StoreError } from "../../../core/errors.js";
import type { Connection } from "./connection.js";

const PATIENCE_MS = 10_000; // for the lock of another program: as long as the opening of the database
const RETRY_MS = 6; // some commits of other processes; the busy time-out of one attempt covers one
const GATHER_MS = 5; // the longest that a commit waits for others to share with

export interface QueueOptions {
  /** Commits now, instead of waiting for others to share the fsync with. */
  readonly atOnce: boolean;
  /** Resolves after the fsync, instead of after the commit. */
  readonly durable: boolean;
}

export interface CommitQueue {
  /** Resolves to the value of `write`, which runs inside a transaction, and once more where that failed. Rejects with StoreError. */
  enqueue<T>(write: () => T, options: QueueOptions): Promise<T>;
  /** Commits the queued writes now, waiting at most `withinMs` for another process; the rest is tried again later. Blocks. */
  flush(withinMs: number): void;
}

interface Queued {
  /** The end of its wait for the lock of other programs, by Date.now(). */
  readonly giveUpAt: number;
  readonly durable: boolean;
  write(): void;
  resolve(): void;
  reject(error: unknown): void;
}

interface Committed {
  readonly written: readonly Queued[];
  readonly left: readonly Queued[];
}

/** Lets up to hundreds of runs share one commit, because its fsync is most of its cost. */
export function createCommitQueue(connection: Connection): CommitQueue {
  const { verbAtOnce, atomicallyUnsynced, within } = connection;
  const atOnce = verbAtOnce((act: () => void) => atomicallyUnsynced(act));
  let queue: Queued[] = [];

  /** Waits for further rounds of the event loop while each brings more writes: answers come in bursts. */
  function gather(seen: number, until: number): void {
    setImmediate(() => {
      if (queue.length > seen && performance.now() < until) gather(queue.length, until);
      else commitQueued();
    });
  }

  /** Tries again soon where another process has locked the database; meanwhile this process does other work. */
  function commitQueued(): void {
    const { written, left } = commit(take(), atOnce);
    if (written.length > 0) settleWhenSynced(written);
    if (left.length === 0) return;
    queue = [...left, ...queue];
    setTimeout(commitQueued, RETRY_MS * (0.5 + Math.random())); // so that two processes do not collide again
  }

  function settleWhenSynced(written: readonly Queued[]): void {
    for (const { durable, resolve } of written) if (!durable) resolve();
    const waiting = written.filter(({ durable }) => durable);
    if (waiting.length === 0) {
      connection.syncLater();
      return;
    }
    connection.synced().then(
      () => {
        for (const { resolve } of waiting) resolve();
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  }

  function take(): readonly Queued[] {
    const taken = queue;
    queue = [];
    return taken;
  }

  function commit(batch: readonly Queued[], transact: (act: () => void) => void): Committed {
    if (batch.length === 0) return { written: [], left: [] };
    try {
      transact(() => {
        for (const { write } of batch) write();
      });
      return { written: batch, left: [] };
    } catch (error) {
      const isBusy = error instanceof StoreError && error.isBusy;
      // One write may be impossible: the others must not fail with it.
      const stopsAll = error instanceof StoreError && error.code === "store";
      if (batch.length > 1 && !stopsAll) {
        const each = batch.map((one) => commit([one], transact));
        return { written: each.flatMap(({ written }) => written), left: each.flatMap(({ left }) => left) };
      }
      const isOver = ({ giveUpAt }: Queued) => !isBusy || Date.now() >= giveUpAt;
      for (const queued of batch) if (isOver(queued)) queued.reject(error);
      return { written: [], left: batch.filter((queued) => !isOver(queued)) };
    }
  }

  return {
    enqueue<T>(write: () => T, { atOnce: now, durable }: QueueOptions): Promise<T> {
      return new Promise((resolve, reject) => {
        let value: T;
        queue.push({
          giveUpAt: Date.now() + PATIENCE_MS,
          durable,
          write: () => {
            value = write();
          },
          resolve: () => resolve(value),
          reject,
        });
        if (now) commitQueued();
        else if (queue.length === 1) gather(1, performance.now() + GATHER_MS);
      });
    },
    flush(withinMs) {
      const transact = (act: () => void) => within(withinMs, () => connection.atomically(act));
      const { written, left } = commit(take(), connection.verbAtOnce(transact));
      for (const { resolve } of written) resolve();
      queue = [...left, ...queue];
      if (queue.length > 0) setTimeout(commitQueued, RETRY_MS);
    },
  };
}
