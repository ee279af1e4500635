/** Opens the database file: safe when many processes open, switch to WAL and migrate the same new file at once. */

import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type Database from "better-sqlite3";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { newerVersion, StoreError, TOO_MANY_FILES } from "../../../core/errors.js";
import { codeOf } from "../../../lib/code-of.js";
import { openSqlite } from "../driver/open-sqlite.js";
import { canOnlyBeRead, openReadOnly } from "./open-read-only.js";

const MIGRATIONS_JOURNAL = "drizzle/meta/_journal.json"; // in the package's folder
const MIGRATIONS_TABLE = "__drizzle_migrations";
const OPENING_TIMEOUT_MS = 10_000; // longer than any migration of another process
export const BUSY_TIMEOUT_MS = 1_000; // longer than any commit or checkpoint; the wait blocks this process
const KEPT_LOG = 8 * 1024 * 1024; // bytes of the write-ahead log that SQLite reuses: twice its size between two checkpoints
/** Runs are appended to and read once: a larger cache (the package's default is 16,000) only adds to the resident memory. */
const PAGE_CACHE_KIB = 4_000;
const WAL_RETRY_MS = 20;

/**
 * An open, migrated database in WAL mode with an fsync after each commit; a `readonly` one where it or its folder cannot
 * be written, or where its disk is full. The caller closes it. Throws StoreError.
 */
export function openDatabase(file: string): Database.Database {
  try {
    return prepared(openFile(file), file);
  } catch (error) {
    if (!isFull((error as StoreError).cause)) throw error;
    return prepared(readOnly(file), file);
  }
}

function prepared(database: Database.Database, file: string): Database.Database {
  try {
    refuseForeign(database, file);
    if (database.readonly) refuseOutdated(database, file);
    else prepareForWriting(database, file);
    database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return database;
  } catch (error) {
    database.close();
    throw toStoreError(error, file);
  }
}

function prepareForWriting(database: Database.Database, file: string): void {
  database.pragma("auto_vacuum = INCREMENTAL"); // takes effect on a new file only
  switchToWal(database);
  database.pragma("synchronous = FULL");
  database.pragma(`journal_size_limit = ${KEPT_LOG}`);
  migrate(database, file);
}

/** An SQLite or file error in words for the user. */
export function toStoreError(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error) ?? "";
  return new StoreError(`${explain(code, file)} (${code || String(error)})`, { cause: error, isBusy: isBusy(error) });
}

/** Whether the disk had no room for the log of SQLite, or its index. */
function isFull(error: unknown): boolean {
  return /^(SQLITE_FULL|SQLITE_IOERR_(WRITE|SHM)|ENOSPC|EDQUOT)/.test(codeOf(error) ?? "");
}

/** Whether the statement failed on the lock of another process. */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith("SQLITE_BUSY") === true;
}

function explain(code: string, file: string): string {
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT"))
    return `${file} is not a legwork database or is damaged: move it away, or set LEGWORK_HOME to another folder`;
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC")
    return `the disk that holds ${file} is full: free some space`;
  if (code === "EMFILE" || code === "ENFILE") return `${file} cannot be used: ${TOO_MANY_FILES}`;
  if (code.startsWith("SQLITE_BUSY")) return `another program keeps ${file} locked: close it and try again`;
  if (code.startsWith("SQLITE_READONLY") && !canOnlyBeRead(file))
    return `the disk that holds ${file} was full when legwork opened it: free some space, then restart this host's legwork`;
  if (code.startsWith("SQLITE_READONLY"))
    return `${file} can only be read: make it and its folder writable and restart legwork, or set LEGWORK_HOME to another folder`;
  if (/^(SQLITE_IOERR_(WRITE|FSYNC|TRUNCATE|SHM)|EIO|EDQUOT)/.test(code))
    return `${file} cannot be written: look whether its disk is full, over a quota or broken`;
  if (/^(SQLITE_CANTOPEN|SQLITE_IOERR|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ENOENT)/.test(code))
    return `${file} cannot be opened for writing: make its folder writable, or set LEGWORK_HOME to another folder`;
  return `the database ${file} cannot be used`;
}

function readOnly(file: string): Database.Database {
  try {
    return openReadOnly(file, OPENING_TIMEOUT_MS);
  } catch (error) {
    throw toStoreError(error, file);
  }
}

function openFile(file: string): Database.Database {
  try {
    if (canOnlyBeRead(file)) return openReadOnly(file, OPENING_TIMEOUT_MS);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600)); // SQLite would create it readable for everybody
    chmodSync(file, 0o600);
    return openSqlite(file, { timeout: OPENING_TIMEOUT_MS });
  } catch (error) {
    throw toStoreError(error, file);
  }
}

/** Refuses another program's database without a change to it. */
export function refuseForeign(database: Database.Database, file: string): void {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  if (tables.length === 0 || tables.includes(MIGRATIONS_TABLE)) return;
  throw new StoreError(`${file} is not a legwork database: move it away, or set LEGWORK_HOME to another folder`);
}

/** Retries the switch to WAL, because it ignores SQLite's busy time-out. */
function switchToWal(database: Database.Database): void {
  const deadline = Date.now() + OPENING_TIMEOUT_MS;
  for (;;) {
    try {
      if (database.pragma("journal_mode = WAL", { simple: true }) === "wal") return;
      throw new StoreError(
        `${database.name} lies on a file system without shared memory: set LEGWORK_HOME to a local folder`,
      );
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS);
    }
  }
}

/**
 * Applies the generated migrations that the file does not have, all in one exclusive transaction.
 * Drizzle's own migrator chooses what to apply outside its transaction, and so fails when two processes start together.
 */
function migrate(database: Database.Database, file: string): void {
  const missing = () => missingMigrations(database, file);
  if (missing().length === 0) return;
  database
    .transaction(() => {
      database.exec(
        `CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, created_at INTEGER)`,
      );
      const note = database.prepare(`INSERT INTO ${MIGRATIONS_TABLE} (hash, created_at) VALUES (?, ?)`);
      for (const migration of missing()) {
        for (const statement of migration.sql) database.exec(statement);
        note.run(migration.hash, migration.folderMillis);
      }
    })
    .immediate();
}

let known: ReturnType<typeof readMigrationFiles> | null = null;

/** The migrations that this process was started with: an update may replace the files while it lives. */
function knownMigrations() {
  known ??= readMigrationFiles({ migrationsFolder: migrationsFolder(new URL(".", import.meta.url)) });
  return known;
}

/** The migrations that the file does not have. Throws StoreError (newer_version) where it has an unknown one. */
export function missingMigrations(database: Database.Database, file: string) {
  if (hasUnknownMigration(database)) throw newerVersion(file, { otherwise: ", or set LEGWORK_HOME to another folder" });
  const applied = appliedHashes(database);
  return knownMigrations().filter((migration) => !applied.has(migration.hash));
}

/** Whether a newer legwork has changed the tables. */
export function hasUnknownMigration(database: Database.Database): boolean {
  const hashes = new Set(knownMigrations().map((migration) => migration.hash));
  return [...appliedHashes(database)].some((hash) => !hashes.has(hash));
}

/** The bundle and the compiled sources lie at different depths below the package's folder. */
function migrationsFolder(from: URL): string {
  return existsSync(new URL(MIGRATIONS_JOURNAL, from))
    ? fileURLToPath(new URL("drizzle", from))
    : migrationsFolder(new URL("..", from));
}

function refuseOutdated(database: Database.Database, file: string): void {
  if (missingMigrations(database, file).length > 0)
    throw new StoreError(
      `${file} was written by an older legwork and can only be read: make it and its folder writable, so that it can be updated`,
    );
}

function appliedHashes(database: Database.Database): Set<string> {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  if (table.get(MIGRATIONS_TABLE) === undefined) return new Set();
  return new Set(database.prepare(`SELECT hash FROM ${MIGRATIONS_TABLE}`).pluck().all() as string[]);
}
