/** Fsyncs the write-ahead log. */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

export interface LogSync {
  /** Throws where an fsync has failed: then nothing more may be written. */
  check(): void;
  /** Fsyncs on a worker thread. Resolves when every earlier commit is on the disk. */
  soon(): Promise<void>;
  /** Fsyncs on a worker thread after some milliseconds, unless another call does it sooner. */
  later(): void;
  /** Fsyncs on this thread. */
  now(): void;
  close(): void;
}

/** The fsync of a file by its descriptor, on a worker thread and on this one. */
export interface Disk {
  sync(file: number, done: (error: Error | null) => void): void;
  syncNow(file: number): void;
}

const LATER_MS = 20; // some turns of an agent: the wait for the next reply brings most of it to the disk
const DISK: Disk = { sync: fdatasync, syncNow: fdatasyncSync };

/**
 * Fsyncs the write-ahead log of a connection with `synchronous = NORMAL`; `FULL` does the same after each commit
 * (https://www.sqlite.org/pragma.html#pragma_synchronous). Close it before the connection. After one failure every call
 * fails: the kernel may have dropped the unwritten pages, and reports that once only.
 */
export function createLogSync(databaseFile: string, disk: Disk = DISK): LogSync {
  // One descriptor for each way: the kernel reports a failure once a descriptor, and neither way may miss it.
  const files: { soon?: number; now?: number } = {};
  let isClosed = false;
  let failure: Error | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let isLeft = false; // commits that `later` has to fsync
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    if (failure) throw failure;
  }

  function fileFor(way: "soon" | "now"): number {
    check();
    const file = files[way] ?? openSync(`${databaseFile}-wal`, "r+"); // there since the first commit
    files[way] = file;
    return file;
  }

  /** Commits from now on may not be covered by this fsync. */
  function begin(): Promise<void> {
    isLeft = false;
    running = new Promise<void>((resolve, reject) => {
      if (isClosed && !failure) return resolve(); // the last fsync covered it
      disk.sync(fileFor("soon"), (error) => {
        failure ??= error;
        if (failure) reject(failure);
        else resolve();
      });
    }).finally(() => {
      running = null;
    });
    return running;
  }

  function now(): void {
    const file = fileFor("now");
    isLeft = false;
    try {
      disk.syncNow(file);
    } catch (error) {
      failure ??= error as Error;
      throw error;
    }
  }

  async function soon(): Promise<void> {
    if (running === null && next === null) return begin();
    next ??= (running ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        next = null;
        return begin();
      });
    return next;
  }

  function syncWhatIsLeft(): void {
    if (isLeft) void soon().catch(() => {}); // the next write reports it
  }

  return {
    check,
    soon,
    later() {
      if (isLeft) return;
      isLeft = true;
      timer = timer?.refresh() ?? setTimeout(syncWhatIsLeft, LATER_MS).unref();
    },
    now,
    close() {
      if (isClosed) return;
      clearTimeout(timer);
      try {
        if (running !== null || isLeft) now();
      } catch {
        // the caller that waits for it gets it
      }
      isClosed = true;
      if (files.now !== undefined) closeSync(files.now);
      const { soon } = files;
      if (soon === undefined) return;
      if (running === null) closeSync(soon);
      else void running.catch(() => {}).finally(() => closeSync(soon));
    },
  };
}
