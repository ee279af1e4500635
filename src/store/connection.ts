/** One open database, and what makes verbs of the functions that use it. */
import Database from "better-sqlite3";
import { type BetterSQLite3Database, drizzle } from "drizzle-orm/better-sqlite3";
import { StoreError } from "../core/errors.js";
import { openDatabase, toStoreError } from "./open-database.js";

export interface Connection {
  readonly sqlite: Database.Database;
  readonly db: BetterSQLite3Database;
  /** The same function, whose failures of the database are StoreErrors. */
  verb<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => R;
  /** Runs all of it in one transaction, which may write from its beginning: in the one that is going on, where there is one. */
  atomically<R>(act: () => R): R;
}

/** Throws StoreError. */
export function connect(file: string): Connection {
  const sqlite = openDatabase(file);
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
  };
}
