/** Keeps the write-ahead log small where readers block SQLite's own checkpoints all the time. */
import { statSync } from "node:fs";
import type Database from "better-sqlite3";

const LARGE_LOG = 16 * 1024 * 1024; // bytes; SQLite's own checkpoints begin at a quarter of it, and mostly suffice
const PATIENCE_MS = 50; // for readers; the wait blocks this process

/** Checkpoints a large log and truncates it; where a reader still uses the log, a later call does. */
export function trimLog(database: Database.Database): void {
  const log = statSync(`${database.name}-wal`, { throwIfNoEntry: false });
  if (log === undefined || log.size <= LARGE_LOG) return;
  const patience = database.pragma("busy_timeout", { simple: true });
  database.pragma(`busy_timeout = ${PATIENCE_MS}`);
  try {
    database.pragma("wal_checkpoint(TRUNCATE)"); // new readers do not wait: they read the database itself
  } finally {
    database.pragma(`busy_timeout = ${patience}`);
  }
}
