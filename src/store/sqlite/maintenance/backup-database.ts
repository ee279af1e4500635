/** A copy of the database while others work on it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError, StoreError } from "../../../core/errors.js";
import { openDatabase, toStoreError } from "../connection/open-database.js";
import { processExists } from "../connection/owner.js";
import { openSqlite } from "../driver/open-sqlite.js";

export interface Backup {
  readonly runs: number;
  readonly bytes: number;
}

const ALL_PAGES = 2 ** 31 - 1; // a copy in steps starts again after each commit of another process

/**
 * Writes the copy under another name, checks it, and only then renames it: so a file of that name is always complete, and
 * only its user can read it. Throws ConfigError where the name is taken or cannot be written, StoreError.
 */
export async function backupDatabase(file: string, target: string): Promise<Backup> {
  if (!existsSync(file)) throw new ConfigError(`there is no ${file} yet: nothing has been stored`);
  refuseTaken(target);
  removeLeftCopies(dirname(target));
  const copy = `${target}.legwork-${process.pid}.partial`;
  create(copy, target);
  const remove = () => {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
  };
  process.once("exit", remove); // a signal ends the process in the middle
  try {
    await copyInto(copy, file);
    const runs = check(copy);
    publish(copy, target);
    return { runs, bytes: statSync(target).size };
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/** Removes the incomplete copies of processes that were killed. */
function removeLeftCopies(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const [, pid] = /\.legwork-(\d+)\.partial(-journal|-wal|-shm)?$/.exec(name) ?? [];
    if (pid !== undefined && !processExists(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

function refuseTaken(target: string): void {
  if (existsSync(target)) throw new ConfigError(`${target} is there already: name a new file, or move that one away`);
}

function create(copy: string, target: string): void {
  try {
    closeSync(openSync(copy, "wx", 0o600)); // SQLite would create it readable for everybody
  } catch (cause) {
    throw new ConfigError(`${target} cannot be written: make ${dirname(target)} a folder that you can write`, {
      cause,
    });
  }
}

async function copyInto(copy: string, file: string): Promise<void> {
  const sqlite = openDatabase(file);
  try {
    await sqlite.backup(copy, { progress: () => ALL_PAGES });
  } catch (error) {
    throw toStoreError(error, copy);
  } finally {
    sqlite.close();
  }
}

/** Turns the copy into a single file without a log, and checks the whole of it. Returns the number of its runs. */
function check(copy: string): number {
  try {
    const database = openSqlite(copy);
    try {
      database.pragma("journal_mode = DELETE");
      const verdict = database.pragma("integrity_check(1)", { simple: true });
      if (verdict !== "ok") throw new StoreError(`the copy is damaged, and so was not kept: ${verdict}`);
      return Number(database.prepare("SELECT count(*) FROM runs").pluck().get());
    } finally {
      database.close();
    }
  } catch (error) {
    throw toStoreError(error, copy);
  }
}

/** A link fails where a rename would overwrite what somebody has put there meanwhile; not every file system has links. */
function publish(copy: string, target: string): void {
  const handle = openSync(copy, "r+");
  fsyncSync(handle);
  closeSync(handle);
  try {
    linkSync(copy, target);
    unlinkSync(copy);
  } catch {
    refuseTaken(target);
    renameSync(copy, target);
  }
}
