/** Notices that a newer legwork has changed the tables of a file that this process has open. */
import type Database from "better-sqlite3";
import { newerVersion } from "../../../core/errors.js";
import { hasUnknownMigration } from "./open-database.js";

export interface VersionFence {
  /** Once true, always true. Looks at the migrations only where another process has written since the last look. */
  isOutdated(): boolean;
  /** Throws StoreError (newer_version) where this process is outdated. Inside a write transaction the answer stays valid until its end. */
  refuseOutdated(): void;
}

/** For a file whose migrations this process has just applied or found known. */
export function createVersionFence(sqlite: Database.Database, file: string): VersionFence {
  const dataVersion = sqlite.prepare("PRAGMA data_version").pluck();
  let outdated = false;
  let lookedAt: unknown = null;

  function isOutdated(): boolean {
    if (outdated) return true;
    const counter = dataVersion.get();
    if (counter === lookedAt) return false;
    outdated = hasUnknownMigration(sqlite);
    lookedAt = counter;
    return outdated;
  }

  return {
    isOutdated,
    refuseOutdated() {
      if (isOutdated()) throw newerVersion(file);
    },
  };
}
