/** Deletes runs that ended long ago, with the data that only they use, and shrinks the file. */
import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { and, desc, eq, gt, inArray, isNull, lt, type SQL, sql } from "drizzle-orm";
import { EVENT_VERSION } from "../../../core/journal/event.js";
import type { Clock } from "../../../core/ports/clock-and-log.js";
import { END_STATUSES, isEnded, type RunStatus } from "../../../core/run/run.js";
import { type Connection, connect } from "../connection/connection.js";
import { BUSY_TIMEOUT_MS } from "../connection/open-database.js";
import { blobs, runEvents, runs, sessions } from "../connection/tables.js";

export interface PruneRequest {
  /** Milliseconds since the end of a run. */
  readonly olderThan: number;
  /** Null for all projects. */
  readonly project: string | null;
  /** Deletes nothing, and reports the runs that a prune would delete. */
  readonly dryRun: boolean;
}

export interface Pruned {
  readonly runs: number;
  /** Runs that are old enough, and stay because a newer legwork wrote to them or to others of their tree. */
  readonly newer: number;
  /** The size of the events, requests and long answers that no other run refers to. */
  readonly bytes: number;
  /** The size of the database file before and after. */
  readonly fileBytes: { readonly before: number; readonly after: number };
}

const ROOTS_AT_ONCE = 200;
const EVENTS_AT_ONCE = 5_000;
const BATCH_MS = 20; // then others may write
const PAUSE_MS = 30; // longer than a waiting writer sleeps between two attempts
const PAGES_AT_ONCE = 256; // 1 MiB
const SETTLED_MS = 3600_000; // a text is kept before the event that refers to it, but never this long before

/**
 * Deletes whole trees: every run has ended `olderThan` ago, and none is continued by a run that stays.
 * Works in many small transactions, a tree in each: an interrupted prune leaves no half tree. Throws StoreError.
 */
export async function pruneRuns(file: string, request: PruneRequest, clock: Clock): Promise<Pruned> {
  const connection = connect(file);
  const { verb } = connection;
  const before = statSync(file).size;
  const now = clock.now();
  const gone = new Set<string>();
  const newer = new Set<string>();
  let bytes = 0;
  try {
    for (let after: string | null = null; ; ) {
      const roots: readonly string[] = verb(oldRoots)(connection, request, now - request.olderThan, after);
      bytes += await inBatches(roots, connection, request, (root) =>
        pruneTree(root, now, request, { gone, newer }, connection),
      );
      if (roots.length < ROOTS_AT_ONCE) break;
      after = roots.at(-1) ?? null;
    }
    const unused = verb(unusedTexts)(connection, now - SETTLED_MS, gone);
    bytes += await inBatches(unused, connection, request, (hash) => pruneText(hash, now, request, connection));
    if (!request.dryRun) await giveSpaceBack(connection);
    return { runs: gone.size, newer: newer.size, bytes, fileBytes: { before, after: statSync(file).size } };
  } finally {
    connection.close();
  }
}

/** The newest first: a run goes before the one that it continues. */
function oldRoots(
  { db }: Connection,
  { project }: PruneRequest,
  endedBefore: number,
  after: string | null,
): readonly string[] {
  const conditions: readonly (SQL | undefined)[] = [
    isNull(runs.parentRunId),
    inArray(runs.status, [...END_STATUSES]),
    lt(runs.finishedAt, endedBefore),
    project === null ? undefined : eq(runs.project, project),
    after === null ? undefined : lt(runs.id, after),
  ];
  const rows = db
    .select({ id: runs.id })
    .from(runs)
    .where(and(...conditions))
    .orderBy(desc(runs.id))
    .limit(ROOTS_AT_ONCE)
    .all();
  return rows.map(({ id }) => id);
}

/**
 * Does the work on each item, in short transactions with pauses in which other processes write; returns the sum. A dry
 * run takes no lock.
 */
async function inBatches(
  all: readonly string[],
  { verb, atomically }: Connection,
  { dryRun }: PruneRequest,
  work: (one: string) => number,
): Promise<number> {
  let sum = 0;
  let next = 0;
  const batch = () => {
    const until = performance.now() + BATCH_MS;
    do {
      sum += work(all[next] ?? "");
      next += 1; // at the end, because a busy database makes the whole function run again
    } while (next < all.length && performance.now() < until);
  };
  while (next < all.length) {
    verb(() => (dryRun ? batch() : atomically(batch)))();
    if (!dryRun) await delay(PAUSE_MS);
  }
  return sum;
}

interface TreeRun {
  readonly id: string;
  readonly session: string;
  readonly parentSession: string;
  readonly status: RunStatus;
  readonly finishedAt: number | null;
}

/** Checks the runs again inside the transaction that deletes them: one may have been resumed meanwhile. Returns the bytes. */
function pruneTree(
  root: string,
  now: number,
  { olderThan, dryRun }: PruneRequest,
  { gone, newer }: { readonly gone: Set<string>; readonly newer: Set<string> },
  { db, refuseOutdated }: Connection,
): number {
  refuseOutdated();
  const tree = db.all<TreeRun>(sql`
    WITH RECURSIVE tree(id) AS (
      SELECT ${root} UNION SELECT ${runs.id} FROM ${runs} JOIN tree ON ${runs.parentRunId} = tree.id
    )
    SELECT ${runs.id} AS id, ${runs.sessionId} AS session, ${runs.parentSessionId} AS parentSession,
      ${runs.status} AS status, ${runs.finishedAt} AS finishedAt
    FROM ${runs} JOIN tree ON ${runs.id} = tree.id
  `);
  const ids = tree.map(({ id }) => id);
  const isOld = ({ status, finishedAt }: TreeRun) =>
    isEnded(status) && finishedAt !== null && finishedAt < now - olderThan;
  if (!tree.every(isOld) || isContinued(ids, gone, db)) return 0;
  if (hasNewerEvents(ids, db)) {
    for (const id of ids) newer.add(id);
    return 0;
  }
  const bytes = bytesOf(ids, db);
  for (const id of ids) gone.add(id);
  if (dryRun) return bytes;
  db.delete(runEvents).where(inArray(runEvents.runId, ids)).run();
  db.delete(runs).where(inArray(runs.id, ids)).run();
  const own = tree.map(({ session }) => session);
  const hosts = tree.map(({ parentSession }) => parentSession).filter((id) => !own.includes(id));
  db.delete(sessions).where(inArray(sessions.id, own)).run();
  for (const id of new Set(hosts))
    if (!db.select({ id: runs.id }).from(runs).where(eq(runs.parentSessionId, id)).limit(1).get())
      db.delete(sessions).where(eq(sessions.id, id)).run();
  return bytes;
}

function hasNewerEvents(ids: readonly string[], db: Connection["db"]): boolean {
  const isNewer = and(inArray(runEvents.runId, [...ids]), gt(runEvents.version, EVENT_VERSION));
  return db.select({ seq: runEvents.seq }).from(runEvents).where(isNewer).limit(1).get() !== undefined;
}

/** Whether a run that stays shares the history of one of these. */
function isContinued(ids: readonly string[], gone: ReadonlySet<string>, db: Connection["db"]): boolean {
  const continuing = db
    .select({ id: runs.id })
    .from(runs)
    .where(inArray(runs.continuesRunId, [...ids]))
    .all();
  return continuing.some(({ id }) => !ids.includes(id) && !gone.has(id));
}

function bytesOf(ids: readonly string[], db: Connection["db"]): number {
  const events = db
    .select({ bytes: sql<number>`coalesce(sum(octet_length(${runEvents.data})), 0)` })
    .from(runEvents)
    .where(inArray(runEvents.runId, [...ids]))
    .get();
  const rows = db
    .select({
      bytes: sql<number>`coalesce(sum(octet_length(${runs.request}) + octet_length(${runs.prompt}) + coalesce(octet_length(${runs.outcome}), 0)), 0)`,
    })
    .from(runs)
    .where(inArray(runs.id, [...ids]))
    .get();
  return (events?.bytes ?? 0) + (rows?.bytes ?? 0);
}

/** Texts to which no event of a remaining run refers. One pass over the journal, and none where there is no text. */
function unusedTexts({ db }: Connection, keptBefore: number, gone: ReadonlySet<string>): readonly string[] {
  const old = db.select({ hash: blobs.hash }).from(blobs).where(lt(blobs.createdAt, keptBefore)).all();
  const unused = new Set(old.map(({ hash }) => hash));
  for (let page = eventsAfter({ run: "", seq: 0 }, db); unused.size > 0; ) {
    for (const { run, data } of page)
      if (data !== null && !gone.has(run))
        for (const [hash] of data.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)) unused.delete(hash);
    const last = page.at(-1);
    if (last === undefined) break;
    page = eventsAfter(last, db);
  }
  return [...unused];
}

interface JournalPosition {
  readonly run: string;
  readonly seq: number;
}

/**
 * The next events of all runs; `data` is null where an event refers to no text. Any event of a newer legwork may refer to
 * one. One query a page, so that no query delays a checkpoint for long.
 */
function eventsAfter({ run, seq }: JournalPosition, db: Connection["db"]) {
  return db.all<JournalPosition & { readonly data: string | null }>(sql`
    SELECT ${runEvents.runId} AS run, ${runEvents.seq} AS seq,
      CASE WHEN ${runEvents.version} > ${EVENT_VERSION} OR instr(${runEvents.data}, '"blob":"') > 0 THEN ${runEvents.data} END AS data
    FROM ${runEvents} WHERE (${runEvents.runId}, ${runEvents.seq}) > (${run}, ${seq})
    ORDER BY ${runEvents.runId}, ${runEvents.seq} LIMIT ${EVENTS_AT_ONCE}
  `);
}

/** Keeps a text that was stored again meanwhile: an event is about to refer to it. */
function pruneText(hash: string, now: number, { dryRun }: PruneRequest, { db, refuseOutdated }: Connection): number {
  refuseOutdated();
  const isUnused = and(eq(blobs.hash, hash), lt(blobs.createdAt, now - SETTLED_MS));
  const found = db
    .select({ bytes: sql<number>`octet_length(${blobs.text})` })
    .from(blobs)
    .where(isUnused)
    .get();
  if (!dryRun) db.delete(blobs).where(isUnused).run();
  return found?.bytes ?? 0;
}

/** Shrinks the file page by page, so that other processes can write meanwhile. A file without incremental vacuum keeps its size and reuses the space. */
async function giveSpaceBack({ sqlite, verb, within }: Connection): Promise<void> {
  const step = verb(() => {
    const free = Number(sqlite.pragma("freelist_count", { simple: true }));
    if (free > 0) sqlite.pragma(`incremental_vacuum(${PAGES_AT_ONCE})`);
    return { before: free, after: Number(sqlite.pragma("freelist_count", { simple: true })) };
  });
  for (let { before, after } = step(); after > 0 && after < before; { before, after } = step()) await delay(PAUSE_MS);
  verb(() => within(BUSY_TIMEOUT_MS, () => sqlite.pragma("wal_checkpoint(TRUNCATE)")))(); // only a checkpoint shortens the file
}
