/** Loads SQLite. No other file does: one of its two builds crashes the Node versions that the other one is for. */
import { createRequire } from "node:module";
import type Database from "better-sqlite3";
import { StoreError } from "../../../core/errors.js";
import { explainUnloadable } from "./explain-unloadable.js";
import { buildFor } from "./sqlite-build.js";

const requireFromHere = createRequire(import.meta.url); // an import would load a build before it is known to be the right one

let loaded: typeof Database | null = null;

/** The caller closes it. Throws StoreError where SQLite cannot be loaded, and what SQLite throws for the file. */
export function openSqlite(file: string, options?: Database.Options): Database.Database {
  const Build = loadSqlite();
  return new Build(file, options);
}

export function isSqliteError(error: unknown): boolean {
  return loaded !== null && error instanceof loaded.SqliteError;
}

function loadSqlite(): typeof Database {
  if (loaded !== null) return loaded;
  const { name } = buildFor(process.versions.node);
  try {
    const Build = requireFromHere(name) as typeof Database;
    new Build(":memory:").close(); // the package loads its binary only here
    loaded = Build;
    return Build;
  } catch (cause) {
    throw new StoreError(explainUnloadable(cause, process.versions), { cause });
  }
}
