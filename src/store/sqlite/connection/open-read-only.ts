/** Opens a database that cannot be written, for reading. */

import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type Database from "better-sqlite3";
import { codeOf } from "../../../lib/code-of.js";
import { openSqlite } from "../driver/open-sqlite.js";

/** Whether the file exists and it or its folder is read-only: SQLite's log needs both to be writable. */
export function canOnlyBeRead(file: string): boolean {
  return existsSync(file) && !(isWritable(file) && isWritable(dirname(file)));
}

/** Throws what SQLite or the file system throws. */
export function openReadOnly(file: string, timeout: number): Database.Database {
  try {
    return opened(file, timeout);
  } catch (error) {
    // SQLite opens no database in WAL mode without a log to share, and this process cannot create one, or the disk is full.
    if (!/^SQLITE_(CANTOPEN|READONLY|FULL|IOERR)/.test(codeOf(error) ?? "")) throw error;
    return openCopy(file, timeout);
  }
}

function opened(file: string, timeout: number): Database.Database {
  const database = openSqlite(file, { readonly: true, timeout });
  try {
    database.prepare("SELECT count(*) FROM sqlite_master").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A copy of the database and its log as they are now. It has no name when this returns, and ends with the process. */
function openCopy(file: string, timeout: number): Database.Database {
  const folder = mkdtempSync(join(tmpdir(), "legwork-"));
  const copy = join(folder, basename(file));
  try {
    for (const suffix of ["", "-wal"])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix, constants.COPYFILE_FICLONE);
    const whole = openSqlite(copy);
    whole.pragma("journal_mode = DELETE");
    whole.close();
    return opened(copy, timeout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
