/** The PinStore port on SQLite. */
import { and, eq, sql } from "drizzle-orm";
import type { PinStore } from "../../../core/ports/catalog-store.js";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import type { Connection } from "../connection/connection.js";
import { pins } from "../connection/tables.js";
import { type NativeStatement, toNative } from "../driver/native-statement.js";

const { placeholder } = sql;

export function createPinStore(connection: Connection, clock: Clock): PinStore {
  const { sqlite, db, verb, atomicallyUnsynced, syncLater, refuseOutdated } = connection;
  let acceptOne: NativeStatement | null = null; // most processes accept nothing

  return {
    load: verb((from, server) => {
      const rows = db
        .select({ tool: pins.tool, hash: pins.hash, definition: pins.definition })
        .from(pins)
        .where(and(eq(pins.source, from), eq(pins.server, server)))
        .all();
      return new Map(rows.map((pin) => [pin.tool, pin]));
    }),
    accept: verb((from, server, accepted) => {
      atomicallyUnsynced(() => {
        refuseOutdated();
        acceptOne ??= prepareAccept();
        const acceptedAt = clock.now();
        for (const { tool, hash, definition } of accepted)
          acceptOne.run({ source: from, server, tool, hash, definition, acceptedAt });
      });
      syncLater(); // the next commit that is synced takes it along
    }),
  };

  function prepareAccept(): NativeStatement {
    const query = db
      .insert(pins)
      .values({
        source: placeholder("source"),
        server: placeholder("server"),
        tool: placeholder("tool"),
        hash: placeholder("hash"),
        definition: placeholder("definition"),
        acceptedAt: placeholder("acceptedAt"),
      })
      .onConflictDoUpdate({
        target: [pins.source, pins.server, pins.tool],
        set: {
          hash: sql`excluded.hash`,
          definition: sql`excluded.definition`,
          acceptedAt: sql`excluded.accepted_at`,
        },
      });
    return toNative(sqlite, query);
  }
}
