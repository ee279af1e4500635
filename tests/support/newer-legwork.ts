/** What a newer legwork would write into the database, written by hand. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { ToolResult, Workbench } from "./host.js";

/** What every refusal because of a newer legwork says. */
export const NEWER = "was written by a newer legwork: restart this host's legwork, or update it";

/** Opens the database of a file for one act. */
export function inDatabase<R>(file: string, act: (database: Database.Database) => R): R {
  const database = new Database(file);
  try {
    return act(database);
  } finally {
    database.close();
  }
}

export const databaseOf = ({ home }: Workbench): string => join(home, "legwork.db");

/** Adds an event to a run that only a newer legwork understands. */
export function writeNewerEvent(file: string, runId: string, type = "event_of_the_future"): void {
  inDatabase(file, (database) =>
    database.transaction(() => {
      const { changes } = database.prepare("UPDATE runs SET last_seq = last_seq + 1 WHERE id = ?").run(runId);
      expect(changes).toBe(1);
      database
        .prepare(
          'INSERT INTO run_events SELECT id, last_seq, last_event_at, ?, 99, \'{"what":"nobody knows"}\' FROM runs WHERE id = ?',
        )
        .run(type, runId);
    })(),
  );
}

/** Changes the tables as a newer legwork does when it opens the file. */
export function migrate(file: string): void {
  inDatabase(file, (database) =>
    database.transaction(() => {
      database.exec("ALTER TABLE runs ADD COLUMN mood TEXT");
      database.exec("ALTER TABLE run_events ADD COLUMN weight INTEGER NOT NULL DEFAULT 1");
      database.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 4102444800000)");
    })(),
  );
}

/** The call was refused because of a newer legwork, and said so. */
export function expectNewer({ isError, structured }: ToolResult): void {
  expect(structured.error, JSON.stringify(structured)).toMatchObject({ code: "newer_version" });
  expect(structured.error.message).toContain(NEWER);
  expect(isError).toBe(true);
}
