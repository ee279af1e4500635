/** Drizzle on an open database; its own function for that imports a build of SQLite that newer Nodes must not load. */
import type Database from "better-sqlite3";
import { BetterSQLiteSession } from "drizzle-orm/better-sqlite3/session";
import { BaseSQLiteDatabase, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";

export type Drizzle = BaseSQLiteDatabase<"sync", Database.RunResult>;

export function toDrizzle(sqlite: Database.Database): Drizzle {
  const dialect = new SQLiteSyncDialect();
  return new BaseSQLiteDatabase("sync", dialect, new BetterSQLiteSession(sqlite, dialect, undefined), undefined);
}
