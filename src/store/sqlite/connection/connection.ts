/** One open database, and its transactions. */

import type Database from "better-sqlite3";
import { newerVersion, StoreError } from "../../../core/errors.js";
import { codeOf } from "../../../lib/code-of.js";
import { isSqliteError } from "../driver/open-sqlite.js";
import { type Drizzle, toDrizzle } from "../driver/to-drizzle.js";
import { createFileFence } from "./file-fence.js";
import { createLogSync, type LogSync } from "./log-sync.js";
import { BUSY_TIMEOUT_MS, isBusy, openDatabase, toStoreError } from "./open-database.js";
import { createVersionFence, type VersionFence } from "./version-fence.js";

const BRIEF_MS = 1; // one commit of another process

type Act<A extends unknown[], R> = (...args: A) => R;

export interface Connection extends VersionFence {
  readonly sqlite: Database.Database;
  readonly db: Drizzle;
  /**
   * Turns the failures of a function into StoreErrors. Where another process has locked the database, calls the function
   * once more with a longer wait: so it has to be one transaction, or repeatable.
   */
  verb<A extends unknown[], R>(act: Act<A, R>): Act<A, R>;
  /** The same without the second call: a locked database is a busy StoreError. */
  verbAtOnce<A extends unknown[], R>(act: Act<A, R>): Act<A, R>;
  /**
   * Runs `act` in one write transaction: inside the open one, where there is one. The commit is fsynced when this
   * returns.
   */
  atomically<R>(act: () => R): R;
  /** The same without the fsync, for which `synced` waits. */
  atomicallyUnsynced<R>(act: () => R): R;
  /** Resolves when every earlier commit is fsynced. Rejects with StoreError. */
  synced(): Promise<void>;
  /** Fsyncs every earlier commit within milliseconds, in the background. */
  syncLater(): void;
  /** Runs `act` with this limit on its wait for the lock of another process. */
  within<R>(milliseconds: number, act: () => R): R;
  close(): void;
}

/** Throws StoreError. */
export function connect(file: string, sync: LogSync = createLogSync(file)): Connection {
  const sqlite = openDatabase(file);
  sqlite.pragma("synchronous = NORMAL"); // `sync` fsyncs the log
  const waitAtMost = (milliseconds: number) => sqlite.pragma(`busy_timeout = ${milliseconds}`);
  const transaction = sqlite.transaction((act: () => unknown) => act());
  const fence = createVersionFence(sqlite, file);
  const refuseOtherFile = sqlite.readonly ? () => {} : createFileFence(file); // a copy for reading has no name
  waitAtMost(BRIEF_MS); // for every commit: the pragma takes as long as writing an event

  function verbAtOnce<A extends unknown[], R>(act: Act<A, R>): Act<A, R> {
    return (...args) => {
      if (!sqlite.open) throw new StoreError(`the database ${file} is closed`);
      try {
        refuseOtherFile();
        return act(...args);
      } catch (error) {
        if (error instanceof StoreError || !(isSqliteError(error) || isSystemError(error))) throw error;
        throw misfits(error, fence) ? newerVersion(file, { cause: error }) : toStoreError(error, file);
      }
    };
  }

  function atomicallyUnsynced<R>(act: () => R): R {
    if (sqlite.inTransaction) return act();
    sync.check(); // after a failed fsync this process writes nothing: its leases expire, and other processes recover its runs
    return transaction.immediate(act) as R;
  }

  function atomically<R>(act: () => R): R {
    const result = atomicallyUnsynced(act);
    if (!sqlite.inTransaction) sync.now();
    return result;
  }

  function within<R>(milliseconds: number, act: () => R): R {
    waitAtMost(milliseconds);
    try {
      return act();
    } finally {
      waitAtMost(BRIEF_MS);
    }
  }

  return {
    ...fence,
    sqlite,
    db: toDrizzle(sqlite),
    verb: (act) =>
      verbAtOnce((...args) => {
        try {
          return act(...args);
        } catch (error) {
          if (!isBusy(error) || sqlite.inTransaction) throw error;
          return within(BUSY_TIMEOUT_MS, () => act(...args));
        }
      }),
    verbAtOnce,
    atomically,
    atomicallyUnsynced,
    synced: () =>
      sync.soon().catch((error: unknown) => {
        throw toStoreError(error, file);
      }),
    syncLater: sync.later,
    within,
    close() {
      sync.close();
      sqlite.close();
    },
  };
}

/** Whether a statement failed because a newer legwork has changed the tables. */
function misfits(error: unknown, { isOutdated }: VersionFence): boolean {
  if (!isSqliteError(error) || !/^SQLITE_(ERROR|CONSTRAINT)/.test(codeOf(error) ?? "")) return false;
  try {
    return isOutdated();
  } catch {
    return false; // the first failure says more
  }
}

/** A failed fsync; errors that callers throw have no such code. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
