/** Brings what was committed to the disk. */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

export interface LogSync {
  /** Resolves when all that was committed before is on the disk; meanwhile this process goes on. */
  soon(): Promise<void>;
  /** The same, standing still. */
  now(): void;
  close(): void;
}

/**
 * Syncs the write-ahead log of a database whose connection does not (`synchronous = NORMAL`), which is all that SQLite does
 * for `FULL` beyond it (https://www.sqlite.org/pragma.html#pragma_synchronous). The connection has to be open as long as this.
 * Once it has failed it fails for ever: the system may have dropped what it could not write, and would not say so again.
 */
export function createLogSync(databaseFile: string): LogSync {
  let file: number | null = null;
  let isClosed = false;
  let failure: Error | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function open(): number {
    if (failure) throw failure;
    file ??= openSync(`${databaseFile}-wal`, "r+"); // there since the first commit
    return file;
  }

  /** What is committed from now on is not sure to be in it. */
  function begin(): Promise<void> {
    running = new Promise<void>((resolve, reject) => {
      if (isClosed && !failure) return resolve(); // with the last sync
      fdatasync(open(), (error) => {
        failure ??= error;
        if (error) reject(error);
        else resolve();
      });
    }).finally(() => {
      running = null;
    });
    return running;
  }

  function now(): void {
    const opened = open();
    try {
      fdatasyncSync(opened);
    } catch (error) {
      failure ??= error as Error;
      throw error;
    }
  }

  return {
    async soon() {
      if (running === null) return begin();
      next ??= running
        .catch(() => {})
        .then(() => {
          next = null;
          return begin();
        });
      return next;
    },
    now,
    close() {
      if (isClosed) return;
      const last = running;
      try {
        if (last !== null) now();
      } catch {
        // whoever waits for it learns of it
      }
      isClosed = true;
      if (file !== null) closeAfter(file, last);
    },
  };
}

function closeAfter(file: number, last: Promise<void> | null): void {
  if (last === null) closeSync(file);
  else void last.catch(() => {}).finally(() => closeSync(file));
}
