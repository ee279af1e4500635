/** Looks at SQLite itself, without any file of the user's. */
import { StoreError } from "../../../core/errors.js";
import { openSqlite } from "../driver/open-sqlite.js";

type SqliteFacts =
  | { readonly kind: "loaded"; readonly version: string }
  | { readonly kind: "fault"; readonly fault: string };

/** SQLite's own version, or why it cannot be loaded and what to do. Never throws. */
export function inspectSqlite(): SqliteFacts {
  try {
    const database = openSqlite(":memory:");
    try {
      return { kind: "loaded", version: String(database.prepare("SELECT sqlite_version()").pluck().get()) };
    } finally {
      database.close();
    }
  } catch (error) {
    return { kind: "fault", fault: error instanceof StoreError ? error.message : String(error) };
  }
}
