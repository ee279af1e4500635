/** Brings what was committed to the disk. */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

export interface LogSync {
  /** Throws where a sync has failed: then nothing more may be written. */
  check(): void;
  /** Resolves when all that was committed before is on the disk; meanwhile this process goes on. */
  soon(): Promise<void>;
  /** Has it on the disk some milliseconds from now, unless somebody who waits for it syncs before; nobody waits for this. */
  later(): void;
  /** The same as `soon`, standing still. */
  now(): void;
  close(): void;
}

/** How a file is synced by its descriptor. */
export interface Disk {
  sync(file: number, done: (error: Error | null) => void): void;
  syncNow(file: number): void;
}

const LATER_MS = 20; // some turns of an agent: the wait for the next reply brings most of it to the disk
const DISK: Disk = { sync: fdatasync, syncNow: fdatasyncSync };

/**
 * Syncs the write-ahead log of a database whose connection does not (`synchronous = NORMAL`), which is all that SQLite does
 * for `FULL` beyond it (https://www.sqlite.org/pragma.html#pragma_synchronous). The connection has to be open as long as this.
 * Once it has failed it fails for ever: the system may have dropped what it could not write, and would not say so again.
 */
export function createLogSync(databaseFile: string, disk: Disk = DISK): LogSync {
  // One for each way: the system tells a descriptor of a failure once, and neither way may miss it.
  const files: { soon?: number; now?: number } = {};
  let isClosed = false;
  let failure: Error | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let isLeft = false; // for later
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
      if (isClosed && !failure) return resolve(); // with the last sync
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
