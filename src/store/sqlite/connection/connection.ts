/** One open database, and its transactions. */
import type Database from "better-sqlite3";
import { newerVersion, StoreError } from "../../../core/errors.js";
import { isSqliteError } from "../driver/open-sqlite.js";
import { type Drizzle, toDrizzle } from "../driver/to-drizzle.js";
import { createLogSync, type LogSync } from "./log-sync.js";
import { BUSY_TIMEOUT_MS, codeOf, isBusy, openDatabase, toStoreError } from "./open-database.js";
import { createVersionFence, type VersionFence } from "./version-fence.js";

const BRIEF_MS = 1; // one commit of another process

type Act<A extends unknown[], R> = (...args: A) => R;

export interface Connection extends VersionFence {
  readonly sqlite: Database.Database;
  readonly db: Drizzle;
  /**
   * The same function, whose failures are StoreErrors. Where another process holds the database it is called once more,
   * and waits: it has to be one transaction, or to be repeatable.
   */
  verb<A extends unknown[], R>(act: Act<A, R>): Act<A, R>;
  /** The same without the wait: it fails as busy. */
  verbAtOnce<A extends unknown[], R>(act: Act<A, R>): Act<A, R>;
  /**
   * Runs all of it in one transaction, which may write from its beginning: in the one that is going on, where there is one.
   * It is on the disk when this returns.
   */
  atomically<R>(act: () => R): R;
  /** The same, but it is on the disk only when `synced` resolves. */
  atomicallyUnsynced<R>(act: () => R): R;
  /** Resolves when all that was committed before is on the disk. Rejects with StoreError. */
  synced(): Promise<void>;
  /** Has all that was committed before on the disk soon, though nobody waits for it. */
  syncLater(): void;
  /** Runs `act`, which waits at most that long for another process that holds the database. */
  within<R>(milliseconds: number, act: () => R): R;
  close(): void;
}

/** Throws StoreError. */
export function connect(file: string, sync: LogSync = createLogSync(file)): Connection {
  const sqlite = openDatabase(file);
  sqlite.pragma("synchronous = NORMAL"); // the rest is done by `sync`, beside the work
  const waitAtMost = (milliseconds: number) => sqlite.pragma(`busy_timeout = ${milliseconds}`);
  const transaction = sqlite.transaction((act: () => unknown) => act());
  const fence = createVersionFence(sqlite, file);
  waitAtMost(BRIEF_MS); // it can hardly be set anew for every commit: that takes as long as writing an event

  function verbAtOnce<A extends unknown[], R>(act: Act<A, R>): Act<A, R> {
    return (...args) => {
      if (!sqlite.open) throw new StoreError(`the database ${file} is closed`);
      try {
        return act(...args);
      } catch (error) {
        if (!(isSqliteError(error) || isSystemError(error))) throw error;
        throw misfits(error, fence) ? newerVersion(file, { cause: error }) : toStoreError(error, file);
      }
    };
  }

  function atomicallyUnsynced<R>(act: () => R): R {
    if (sqlite.inTransaction) return act();
    sync.check(); // after a failed fsync this process writes nothing: its leases expire, and others continue
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
  if (!isSqliteError(error) || !/^SQLITE_(ERROR|CONSTRAINT)/.test(codeOf(error))) return false;
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
