/** Saves what many runs have to save in one transaction. */
import { StoreError } from "../../../core/errors.js";
import type { CreateRunResult, NewRun, RunLease, RunStore } from "../../../core/ports/run-store.js";
import type { RunEvent, StoredEvent } from "../../../core/run/event.js";

const PATIENCE_MS = 5_000; // with another program that holds the database
const RETRY_MS = 6; // some commits of others: what it asks for at once is given up after one
const GATHER_MS = 5; // the longest that a commit waits for others to share with

export interface CommitQueue {
  /**
   * Resolves when the events are on disk; where only reads follow, as soon as they are written, which no death of this
   * process takes back. Null when the hold is lost. Rejects with StoreError.
   */
  save(lease: RunLease, events: readonly RunEvent[]): Promise<readonly StoredEvent[] | null>;
  /** Resolves when the run is on disk. Rejects with StoreError, or with what `check` throws right before it is written. */
  create(run: NewRun, check: () => void): Promise<CreateRunResult>;
  /** Resolves when what `act` writes is on disk; where a transaction fails it acts once more. Rejects with StoreError. */
  write<T>(act: () => T): Promise<T>;
  /** Saves what is queued now. */
  flush(): void;
}

/** `write` runs inside the transaction, and once more where the transaction failed. */
interface Queued {
  /** When it has waited long enough for other programs, by Date.now(). */
  readonly giveUpAt: number;
  /** Whether it is done only when it is on disk. */
  readonly durably: boolean;
  write(): void;
  resolve(): void;
  reject(error: unknown): void;
}

interface Committed {
  readonly written: readonly Queued[];
  readonly left: readonly Queued[];
}

/**
 * Syncing to disk is what a commit costs: a hundred runs at work, or at their start, share one instead of waiting for
 * each other's. While `alone` there is nobody to share with, and nothing is waited for.
 */
export function createCommitQueue(store: RunStore, alone: () => boolean): CommitQueue {
  let queue: Queued[] = [];

  function enqueue<T>(write: () => T, { atOnce = alone(), durably = true } = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      let written: T;
      queue.push({
        giveUpAt: Date.now() + PATIENCE_MS,
        durably,
        write: () => {
          written = write();
        },
        resolve: () => resolve(written),
        reject,
      });
      if (atOnce) commitQueued();
      else if (queue.length === 1) gather(1, performance.now() + GATHER_MS);
    });
  }

  /** Lets the event loop come round as long as each round brings more: answers tend to come in bursts. */
  function gather(seen: number, until: number): void {
    setImmediate(() => {
      if (queue.length > seen && performance.now() < until) gather(queue.length, until);
      else commitQueued();
    });
  }

  /** Where another process holds the database this one goes on with other things, and tries again soon. */
  function commitQueued(): void {
    const { written, left } = commit(take(), store.togetherAtOnce);
    if (written.length > 0) settleWhenSynced(written);
    if (left.length === 0) return;
    queue = [...left, ...queue];
    setTimeout(commitQueued, RETRY_MS * (0.5 + Math.random())); // or processes would meet again
  }

  /** The disk is waited for beside the work: what others ask for meanwhile is done. */
  function settleWhenSynced(written: readonly Queued[]): void {
    for (const { durably, resolve } of written) if (!durably) resolve();
    const waiting = written.filter(({ durably }) => durably);
    if (waiting.length === 0) {
      store.syncLater();
      return;
    }
    store.synced().then(
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

  /** What was written, and what could not be written now and may be later. */
  function commit(batch: readonly Queued[], together: RunStore["together"]): Committed {
    if (batch.length === 0) return { written: [], left: [] };
    try {
      together(() => {
        for (const { write } of batch) write();
      });
      return { written: batch, left: [] };
    } catch (error) {
      const isBusy = error instanceof StoreError && error.isBusy;
      // What one of them writes may be what cannot be written: the others must not fail with it.
      if (batch.length > 1 && !(error instanceof StoreError)) {
        const each = batch.map((one) => commit([one], together));
        return { written: each.flatMap(({ written }) => written), left: each.flatMap(({ left }) => left) };
      }
      const isOver = ({ giveUpAt }: Queued) => !isBusy || Date.now() >= giveUpAt;
      for (const queued of batch) if (isOver(queued)) queued.reject(error);
      return { written: [], left: batch.filter((queued) => !isOver(queued)) };
    }
  }

  /** As long as a process that ends may wait; what is left over then is lost with it. */
  function flush(): void {
    const { written, left } = commit(take(), store.together);
    for (const { resolve } of written) resolve();
    queue = [...left, ...queue];
    if (queue.length > 0) setTimeout(commitQueued, RETRY_MS);
  }

  return {
    save: (lease, events) => enqueue(() => store.append(lease, events), { durably: !onlyReadsFollow(events) }),
    write: (act) => enqueue(act),
    create(run, check) {
      const write = () => {
        check();
        return store.createRun(run);
      };
      return enqueue(write, { atOnce: false }); // a host that spawns many runs asks for all of them in one breath
    },
    flush,
  };
}

/** Whether calls that change nothing come next: repeated after a power failure, they do no harm. */
function onlyReadsFollow(events: readonly RunEvent[]): boolean {
  if (events.at(-1)?.type !== "tool_call_started") return false;
  return events.every((event) => event.type !== "tool_call_started" || event.effect === "read_only");
}
