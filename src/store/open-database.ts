/** Opens the database file: safe when many processes open, switch to WAL and migrate the same new file at once. */
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { StoreError } from "../core/errors.js";

const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../drizzle", import.meta.url));
const MIGRATIONS_TABLE = "__drizzle_migrations";
const OPENING_TIMEOUT_MS = 10_000; // longer than any migration of another process
const BUSY_TIMEOUT_MS = 1_000; // longer than any commit or checkpoint; all that this process does stands still meanwhile
const WAL_RETRY_MS = 20;

/** An open, migrated database in WAL mode, each commit synced to disk. The caller closes it. Throws StoreError. */
export function openDatabase(file: string): Database.Database {
  const database = openFile(file);
  try {
    refuseForeign(database, file);
    switchToWal(database);
    database.pragma("synchronous = FULL");
    migrate(database, file);
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return database;
  } catch (error) {
    database.close();
    throw toStoreError(error, file);
  }
}

/** What an SQLite or file error means for the user. */
export function toStoreError(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? "");
  const isBusy = code.startsWith("SQLITE_BUSY");
  return new StoreError(`${explain(code, file)} (${code || String(error)})`, { cause: error, isBusy });
}

function explain(code: string, file: string): string {
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT"))
    return `${file} is not a legwork database or is damaged: move it away, or set LEGWORK_HOME to another folder`;
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC")
    return `the disk that holds ${file} is full: free some space`;
  if (code.startsWith("SQLITE_BUSY")) return `another program keeps ${file} locked: close it and try again`;
  if (/^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_IOERR|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ENOENT)/.test(code))
    return `${file} cannot be opened for writing: make its folder writable, or set LEGWORK_HOME to another folder`;
  return `the database ${file} cannot be used`;
}

function openFile(file: string): Database.Database {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600)); // SQLite would create it readable for everybody
    chmodSync(file, 0o600);
    return new Database(file, { timeout: OPENING_TIMEOUT_MS });
  } catch (error) {
    throw toStoreError(error, file);
  }
}

/** Another program's database is left exactly as it is. */
function refuseForeign(database: Database.Database, file: string): void {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  if (tables.length === 0 || tables.includes(MIGRATIONS_TABLE)) return;
  throw new StoreError(`${file} is not a legwork database: move it away, or set LEGWORK_HOME to another folder`);
}

/** The switch ignores SQLite's busy time-out, so that it has to be tried again here. */
function switchToWal(database: Database.Database): void {
  const deadline = Date.now() + OPENING_TIMEOUT_MS;
  for (;;) {
    try {
      if (database.pragma("journal_mode = WAL", { simple: true }) === "wal") return;
      throw new StoreError(
        `${database.name} lies on a file system without shared memory: set LEGWORK_HOME to a local folder`,
      );
    } catch (error) {
      const busy = String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY");
      if (!busy || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS);
    }
  }
}

/**
 * Applies the generated migrations that the file does not have, all in one exclusive transaction.
 * Drizzle's own migrator chooses what to apply outside its transaction, and so fails when two processes start together.
 */
function migrate(database: Database.Database, file: string): void {
  const migrations = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER });
  const missing = () => {
    const applied = appliedHashes(database);
    const known = new Set(migrations.map((migration) => migration.hash));
    if ([...applied].some((hash) => !known.has(hash)))
      throw new StoreError(
        `${file} was written by a newer legwork: update legwork, or set LEGWORK_HOME to another folder`,
      );
    return migrations.filter((migration) => !applied.has(migration.hash));
  };
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

function appliedHashes(database: Database.Database): Set<string> {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  if (table.get(MIGRATIONS_TABLE) === undefined) return new Set();
  return new Set(database.prepare(`SELECT hash FROM ${MIGRATIONS_TABLE}`).pluck().all() as string[]);
}
