/** The DatabaseObserver port on SQLite: reads the file as any program could, without the verbs of legwork itself. */
import type {
  DatabaseObserver,
  RawEvent,
  SeenQuestion,
  SeenRun,
  UnfinishedRun,
} from "../../../core/ports/database-observer.js";
import { openSqlite } from "../driver/open-sqlite.js";
import { processOf } from "./owner.js";

const LOCK_TIMEOUT_MS = 5_000; // longer than any commit of another process

/** Opens a database that exists. The caller closes it. */
export function openDatabaseObserver(file: string): DatabaseObserver {
  const database = openSqlite(file, { fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  const unfinished = database.prepare<[], Omit<UnfinishedRun, "process"> & { readonly owner: string | null }>(
    `SELECT id, title, owner, last_seq AS lastSeq, attempts FROM runs
     WHERE status IN ('pending', 'running', 'waiting', 'interrupted') ORDER BY id`,
  );
  const questions = database.prepare<[], SeenQuestion>(
    `SELECT id AS runId, question ->> '$.id' AS id, question ->> '$.kind' AS kind FROM runs
     WHERE status = 'waiting' AND question IS NOT NULL ORDER BY runs.id`,
  );
  const runs = database.prepare<[], SeenRun>(
    "SELECT id, title, status, outcome, reserved_tokens AS reservedTokens FROM runs ORDER BY id",
  );
  const events = database.prepare<[string, number], RawEvent>(
    "SELECT seq, type, data FROM run_events WHERE run_id = ? AND seq > ? ORDER BY seq",
  );
  return {
    changes: () => database.pragma("data_version", { simple: true }) as number,
    unfinished: () =>
      unfinished.all().map(({ owner, ...run }) => ({ ...run, process: owner === null ? null : processOf(owner) })),
    questions: () => questions.all(),
    runs: () => runs.all(),
    events: (runId, afterSeq) => events.all(runId, afterSeq),
    whileNobodyCommits(act) {
      database.exec("BEGIN IMMEDIATE");
      try {
        act();
      } finally {
        database.exec("ROLLBACK");
      }
    },
    close: () => void database.close(),
  };
}
