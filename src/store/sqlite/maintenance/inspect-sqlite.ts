/** Looks at SQLite itself, without any file of the user's. */
import { StoreError } from "../../../core/errors.js";
import { openSqlite } from "../driver/open-sqlite.js";

/** `fault` is why it cannot be loaded and what to do, null where it is; `version` is then SQLite's own. Never throws. */
export function inspectSqlite(): { readonly version: string; readonly fault: string | null } {
  try {
    const database = openSqlite(":memory:");
    try {
      return { version: String(database.prepare("SELECT sqlite_version()").pluck().get()), fault: null };
    } finally {
      database.close();
    }
  } catch (error) {
    return { version: "", fault: error instanceof StoreError ? error.message : String(error) };
  }
}
