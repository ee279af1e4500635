/** One open database, and what makes verbs of the functions that use it. */
import Database from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { StoreError } from "../core/errors.js";
import { BUSY_TIMEOUT_MS, openDatabase, toStoreError } from "./open-database.js";

const BRIEF_MS = 10; // some commits of others; whoever asks for so little tries again without standing still
const HURRY_MS = 50; // hosts kill us soon after the first sign of an end

export interface Connection {
  readonly sqlite: Database.Database;
  readonly db: BetterSQLite3Database;
  /** The same function, whose failures of the database are StoreErrors. */
  verb<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => R;
  /** Runs all of it in one transaction, which may write from its beginning: in the one that is going on, where there is one. */
  atomically<R>(act: () => R): R;
  /** Runs it waiting hardly at all where another process holds the database: it fails as busy instead. */
  briefly<R>(act: () => R): R;
  /** From now on nothing waits long. */
  hurry(): void;
}

/** Throws StoreError. */
export function connect(file: string): Connection {
  const sqlite = openDatabase(file);
  let patience = BUSY_TIMEOUT_MS;
  const waitAtMost = (milliseconds: number) => sqlite.pragma(`busy_timeout = ${milliseconds}`);
  const transaction = sqlite.transaction((act: () => unknown) => act());
  return {
    sqlite,
    db: drizzle(sqlite),
    verb:
      (act) =>
      (...args) => {
        if (!sqlite.open) throw new StoreError(`the database ${file} is closed`);
        try {
          return act(...args);
        } catch (error) {
          throw error instanceof Database.SqliteError ? toStoreError(error, file) : error;
        }
      },
    atomically: <R>(act: () => R) => (sqlite.inTransaction ? act() : (transaction.immediate(act) as R)),
    briefly(act) {
      waitAtMost(BRIEF_MS);
      try {
        return act();
      } finally {
        waitAtMost(patience);
      }
    },
    hurry() {
      patience = HURRY_MS;
      waitAtMost(patience);
    },
  };
}
