/** The PaceStore port on SQLite. A lost write costs a refused request at most, so nothing waits for the disk. */
import { eq, sql } from "drizzle-orm";
import type { Pace } from "../../../core/pace/pace.js";
import type { PaceStore } from "../../../core/ports/pace-store.js";
import { createCommitQueue } from "../connection/commit-queue.js";
import type { Connection } from "../connection/connection.js";
import { providerPace } from "../connection/tables.js";
import { type NativeStatement, toNative } from "../driver/native-statement.js";

const { placeholder } = sql;

export function createPaceStore(connection: Connection): PaceStore {
  const { sqlite, db, verb } = connection;
  const queue = createCommitQueue(connection);
  const loadOne = toNative(
    sqlite,
    db
      .select({ pace: providerPace.pace })
      .from(providerPace)
      .where(eq(providerPace.account, placeholder("account"))),
  );
  let saveOne: NativeStatement | null = null; // most keys are never held up

  function load(account: string): Pace | null {
    const [text] = loadOne.first({ account }) ?? [];
    return typeof text === "string" ? (JSON.parse(text) as Pace) : null;
  }

  function save(account: string, pace: Pace | null): void {
    saveOne ??= prepareSave();
    saveOne.run({ account, pace: JSON.stringify(pace) });
  }

  function prepareSave(): NativeStatement {
    const query = db
      .insert(providerPace)
      .values({ account: placeholder("account"), pace: placeholder("pace") })
      .onConflictDoUpdate({ target: providerPace.account, set: { pace: sql`excluded.pace` } });
    return toNative(sqlite, query);
  }

  return {
    load: verb(load),
    change: (account, act) =>
      queue.enqueue(
        () => {
          const stored = load(account);
          const result = act(stored);
          if (result.pace !== stored) save(account, result.pace);
          return result;
        },
        { atOnce: true, durable: false },
      ),
  };
}
