/** The CatalogStore port on SQLite. */
import { eq, lt } from "drizzle-orm";
import { StoreError } from "../../../core/errors.js";
import type { CatalogStore, ToolList } from "../../../core/ports/catalog-store.js";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import { jsonIn } from "../../../lib/json-in.js";
import type { Connection } from "../connection/connection.js";
import { catalogs } from "../connection/tables.js";

const KEPT_MS = 90 * 24 * 3600 * 1000; // a changed definition gets a new entry, and nobody asks for the old one again

/** Prepares no statements: a process uses each verb at most once for each start of a server. */
export function createCatalogStore(
  { db, verb, atomicallyUnsynced, syncLater }: Connection,
  clock: Clock,
): CatalogStore {
  return {
    load: verb((definitionHash) => {
      const row = db.select().from(catalogs).where(eq(catalogs.definitionHash, definitionHash)).get();
      const list = row && (jsonIn(row.list) as ToolList | undefined); // damaged: legwork asks the server again
      return list ? { list, at: row.savedAt } : null;
    }),
    save: verb((definitionHash, list) => {
      const entry = { list: toText(list), savedAt: clock.now() };
      atomicallyUnsynced(() => {
        db.delete(catalogs)
          .where(lt(catalogs.savedAt, entry.savedAt - KEPT_MS))
          .run();
        db.insert(catalogs)
          .values({ definitionHash, ...entry })
          .onConflictDoUpdate({ target: catalogs.definitionHash, set: entry })
          .run();
      });
      syncLater(); // megabytes are long in coming to the disk
    }),
  };
}

function toText({ tools, complete, faults }: ToolList): string {
  try {
    return JSON.stringify({ tools, complete, faults });
  } catch (cause) {
    throw new StoreError("the list of tools cannot be kept: it is nested too deeply", { cause });
  }
}
