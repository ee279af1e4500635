/** Looks at the database file and changes nothing. */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { StoreError } from "../../../core/errors.js";
import type { DatabaseFacts } from "../../../core/ports/database-facts.js";
import { missingMigrations, refuseForeign, toStoreError } from "../connection/open-database.js";
import { canOnlyBeRead, openReadOnly } from "../connection/open-read-only.js";

const TIMEOUT_MS = 1_000;
const FOR_OTHERS = 0o077;

/** Reads all of the file once, to check it: some 2 s for 1 GiB. Never throws. */
export function inspectDatabase(file: string): DatabaseFacts {
  const freeBytes = freeBytesOf(dirname(file));
  const found = statSync(file, { throwIfNoEntry: false });
  const nothing = { bytes: 0, logBytes: 0, runs: 0, fault: null, isWritable: true };
  if (found === undefined) return { ...nothing, exists: false, isOpenToOthers: false, isOthers: false, freeBytes };
  const facts = {
    exists: true,
    bytes: found.size,
    logBytes: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    isWritable: !canOnlyBeRead(file),
    isOpenToOthers: process.platform !== "win32" && (found.mode & FOR_OTHERS) !== 0,
    isOthers: process.getuid !== undefined && found.uid !== process.getuid(),
    freeBytes,
  };
  try {
    return { ...facts, runs: checkedRuns(file), fault: null };
  } catch (error) {
    return { ...facts, runs: 0, fault: toStoreError(error, file).message };
  }
}

/** Throws StoreError or what SQLite throws. */
function checkedRuns(file: string): number {
  const database = openReadOnly(file, TIMEOUT_MS);
  try {
    refuseForeign(database, file);
    missingMigrations(database, file);
    const verdict = database.pragma("integrity_check(1)", { simple: true });
    if (verdict !== "ok")
      throw new StoreError(`${file} is damaged (${verdict}): end all legwork processes and put a backup in its place`);
    const tables = database.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'runs'").pluck().get();
    return tables === 0 ? 0 : Number(database.prepare("SELECT count(*) FROM runs").pluck().get());
  } finally {
    database.close();
  }
}

/** Free bytes in the folder, or in the nearest parent that exists. */
function freeBytesOf(folder: string): number | null {
  if (!existsSync(folder)) return dirname(folder) === folder ? null : freeBytesOf(dirname(folder));
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
