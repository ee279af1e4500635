/** The prepared statements of the hot path, which every turn of every run executes. */

import type Database from "better-sqlite3";
import {
  and,
  eq,
  getTableColumns,
  gte,
  inArray,
  isNotNull,
  isNull,
  notInArray,
  or,
  type Placeholder,
  sql,
} from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { USD_PLACES } from "../../../core/run/cost.js";
import { isEnded, LEGAL_FROM, REOPENED, RUN_STATUSES, type RunStatus } from "../../../core/run/run.js";
import { blobs, runEvents, runs, sessions } from "../connection/tables.js";
import { toNative } from "../driver/native-statement.js";
import type { Drizzle } from "../driver/to-drizzle.js";

const { placeholder } = sql;
const LIVING = RUN_STATUSES.filter((status) => !isEnded(status));

export function prepareStatements(sqlite: Database.Database, db: Drizzle) {
  return {
    insertEvent: toNative(
      sqlite,
      db.insert(runEvents).values({
        runId: placeholder("runId"),
        seq: placeholder("seq"),
        at: placeholder("at"),
        type: placeholder("type"),
        version: placeholder("version"),
        data: placeholder("data"),
      }),
    ),
    insertSession: toNative(sqlite, db.insert(sessions).values(placeholders(sessions)).onConflictDoNothing()),
    /** The session of a run's agent ends with the run, and begins again with it. */
    endAgentSession: toNative(
      sqlite,
      sql`update sessions set ended_at = ${placeholder("endedAt")} where id = (select session_id from runs where id = ${placeholder("id")})`,
    ),
    insertRun: toNative(sqlite, db.insert(runs).values(placeholders(runs))),
    /** A commit that does not change the status: only for a running run whose lease is valid. */
    appendToRunning: toNative(
      sqlite,
      db
        .update(runs)
        .set({
          ...added(),
          ...written(),
        })
        .where(and(eq(runs.id, placeholder("id")), eq(runs.epoch, placeholder("epoch")), eq(runs.status, "running"))),
    ),
    /** Progress of a run is progress of the runs that wait for it: their next crash counts as a new one. */
    forgiveAncestors: toNative(
      sqlite,
      db
        .update(runs)
        .set({ attempts: 0 })
        .where(
          sql`${runs.attempts} > 0 and ${runs.id} in (
            ${lineFrom("parentRunId")} select id from line
          )`,
        ),
    ),
    /** Raises the epoch, so that the former owner can write nothing more; a caller's request may undo an end. */
    claim: toNative(
      sqlite,
      db
        .update(runs)
        .set({
          status: "running",
          owner: sql`${placeholder("owner")}`,
          leaseExpiresAt: sql`${placeholder("leaseExpiresAt")}`,
          epoch: sql`${runs.epoch} + 1`,
          ...written(),
          attempts: sql`case when ${placeholder("afresh")} then 0 else ${runs.attempts} end`,
          startedAt: sql`coalesce(${runs.startedAt}, ${placeholder("at")})`,
          interruptedAt: null,
          outcome: null,
          errorCode: null,
          errorMessage: null,
          finishedAt: null,
        })
        .where(
          and(
            eq(runs.id, placeholder("id")),
            eq(runs.epoch, placeholder("epoch")),
            inArray(runs.status, [...LEGAL_FROM.running]),
            or(notInArray(runs.status, [...REOPENED]), sql`${placeholder("afresh")}`),
            isNull(runs.owner),
            isNull(runs.question), // it waits until it is answered
          ),
        ),
    ),
    /** The epoch identifies the question, because each question raises it. */
    answerQuestion: toNative(
      sqlite,
      db
        .update(runs)
        .set({ ...written(), question: null })
        .where(
          and(
            eq(runs.id, placeholder("id")),
            eq(runs.epoch, placeholder("epoch")),
            eq(runs.status, "waiting"),
            isNotNull(runs.question),
          ),
        ),
    ),
    countSent: toNative(
      sqlite,
      db
        .update(runs)
        .set({ lastSeq: sql`${runs.lastSeq} + 1`, lastEventAt: sql`${placeholder("at")}` })
        .where(and(eq(runs.id, placeholder("id")), inArray(runs.status, LIVING))),
    ),
    listAsking: db
      .select()
      .from(runs)
      .where(and(eq(runs.status, "waiting"), isNotNull(runs.question)))
      .prepare(),
    /** Found by the index on the status, because few runs are interrupted or waiting. */
    listUnowned: db
      .select()
      .from(runs)
      .where(
        and(
          inArray(runs.status, ["interrupted", "waiting"]),
          eq(runs.project, placeholder("project")),
          or(
            and(eq(runs.status, "waiting"), isNull(runs.question)),
            and(eq(runs.status, "interrupted"), gte(runs.interruptedAt, placeholder("since"))),
          ),
        ),
      )
      .orderBy(runs.id)
      .prepare(),
    getRun: db
      .select()
      .from(runs)
      .where(eq(runs.id, placeholder("id")))
      .prepare(),
    /** A range: in a pattern of LIKE, "_" would stand for any character. */
    idsWithPrefix: db
      .select({ id: runs.id })
      .from(runs)
      .where(sql`${runs.id} >= ${placeholder("prefix")} and ${runs.id} < ${placeholder("prefix")} || char(0x10ffff)`)
      .orderBy(runs.id)
      .limit(placeholder("limit"))
      .prepare(),
    getRunByKey: db
      .select()
      .from(runs)
      .where(and(eq(runs.project, placeholder("project")), eq(runs.idempotencyKey, placeholder("key"))))
      .prepare(),
    /** The position after a change of the row: a query of its own takes half as long as RETURNING. */
    getPosition: toNative(
      sqlite,
      db
        .select({ lastSeq: runs.lastSeq, parentRunId: runs.parentRunId })
        .from(runs)
        .where(eq(runs.id, placeholder("id"))),
    ),
    getReserved: toNative(
      sqlite,
      db
        .select({ usd: runs.reservedUsd, tokens: runs.reservedTokens })
        .from(runs)
        .where(eq(runs.id, placeholder("id"))),
    ),
    getLease: toNative(
      sqlite,
      db
        .select({ status: runs.status, epoch: runs.epoch })
        .from(runs)
        .where(eq(runs.id, placeholder("id"))),
    ),
    /** Includes the runs below runs that have ended: one of those may have been resumed since. */
    listLivingBelow: db
      .select({ id: runs.id, epoch: runs.epoch })
      .from(runs)
      .where(
        and(
          sql`${runs.id} in (
            with recursive below(id) as (
              select id from runs where parent_run_id = ${placeholder("runId")}
              union select runs.id from runs join below on runs.parent_run_id = below.id
            )
            select id from below
          )`,
          inArray(runs.status, LIVING),
        ),
      )
      .prepare(),
    countLivingChildren: toNative(
      sqlite,
      db
        .select({ count: sql`count(*)` })
        .from(runs)
        .where(and(eq(runs.parentRunId, placeholder("parentRunId")), inArray(runs.status, LIVING))),
    ),
    limitsAbove: toNative(
      sqlite,
      sql`
        ${lineFrom("runId")}
        select id,
          request ->> '$.limits.maxCostUsd' + (
            select total(data ->> '$.moreCostUsd') from run_events where run_id = id and type = 'run_resumed'
          ) as usd,
          request ->> '$.limits.maxTokens' + (
            select total(data ->> '$.moreTokens') from run_events where run_id = id and type = 'run_resumed'
          ) as tokens
        from runs join line using (id) where usd is not null or tokens is not null order by depth desc`,
    ),
    renewLeases: db
      .update(runs)
      .set({ leaseExpiresAt: sql`${placeholder("until")}` })
      .where(and(eq(runs.owner, placeholder("owner")), inArray(runs.status, ["pending", "running"])))
      .prepare(),
    listOwned: db
      .select({ id: runs.id, epoch: runs.epoch, owner: runs.owner, leaseExpiresAt: runs.leaseExpiresAt })
      .from(runs)
      .where(inArray(runs.status, ["pending", "running"]))
      .prepare(),
    /** Renews the time, so that a prune does not delete a text to which an event is about to refer. */
    insertBlob: db
      .insert(blobs)
      .values({ hash: placeholder("hash"), text: placeholder("text"), createdAt: placeholder("createdAt") })
      .onConflictDoUpdate({ target: blobs.hash, set: { createdAt: sql`excluded.created_at` } })
      .prepare(),
    getBlob: db
      .select({ text: blobs.text })
      .from(blobs)
      .where(eq(blobs.hash, placeholder("hash")))
      .prepare(),
  };
}

/**
 * A commit that changes the status: guarded by the epoch and by the statuses that may come before.
 * Ends and interruptions raise the epoch and clear the owner, so that the former owner can write nothing more.
 */
export function prepareTransition(sqlite: Database.Database, db: Drizzle, to: RunStatus) {
  const letGo = to !== "running" && to !== "pending";
  const query = db
    .update(runs)
    .set({
      ...added(),
      ...written(),
      status: to,
      ...(to === "running" ? { startedAt: sql`coalesce(${runs.startedAt}, ${placeholder("at")})` } : {}),
      ...(to === "interrupted" ? { interruptedAt: sql`${placeholder("interruptedAt")}` } : {}),
      ...(letGo ? { epoch: sql`${runs.epoch} + 1`, owner: null, leaseExpiresAt: null } : {}),
      ...(letGo ? { question: to === "waiting" ? sql`${placeholder("question")}` : null } : {}),
      ...(letGo && to !== "waiting" && to !== "interrupted"
        ? {
            finishedAt: sql`${placeholder("at")}`,
            outcome: sql`${placeholder("outcome")}`,
            errorCode: sql`${placeholder("errorCode")}`,
            errorMessage: sql`${placeholder("errorMessage")}`,
          }
        : {}),
    })
    .where(
      and(
        eq(runs.id, placeholder("id")),
        eq(runs.epoch, placeholder("epoch")),
        inArray(runs.status, [...LEGAL_FROM[to]]),
      ),
    );
  return toNative(sqlite, query);
}

/** A run, named by a placeholder, and the runs above it. */
function lineFrom(name: string) {
  return sql`
    with recursive line(id) as (
      select ${placeholder(name)}
      union select parent_run_id from runs join line using (id) where parent_run_id is not null
    )`;
}

function written() {
  return {
    lastSeq: sql`${runs.lastSeq} + ${placeholder("count")}`,
    lastEventAt: sql`${placeholder("at")}`,
  };
}

function added() {
  return {
    step: sql`coalesce(${placeholder("step")}, ${runs.step})`,
    attempts: sql`case when ${placeholder("finished")} then 0 else ${runs.attempts} end + ${placeholder("crashes")}`,
    turnsUsed: sql`${runs.turnsUsed} + ${placeholder("turns")}`,
    toolCallsCount: sql`${runs.toolCallsCount} + ${placeholder("toolCalls")}`,
    inputTokens: sql`${runs.inputTokens} + ${placeholder("input")}`,
    outputTokens: sql`${runs.outputTokens} + ${placeholder("output")}`,
    cachedTokens: sql`${runs.cachedTokens} + ${placeholder("cached")}`,
    thinkingTokens: sql`${runs.thinkingTokens} + ${placeholder("thinking")}`,
    cacheWriteTokens: sql`${runs.cacheWriteTokens} + ${placeholder("cacheWrite")}`,
    reservedUsd: sql`coalesce(${placeholder("reservedUsd")}, ${runs.reservedUsd})`,
    reservedTokens: sql`coalesce(${placeholder("reservedTokens")}, ${runs.reservedTokens})`,
    costUsd: sql`round(${runs.costUsd} + ${placeholder("costUsd")}, ${sql.raw(String(USD_PLACES))})`, // once unknown, always unknown
  };
}

/** A placeholder for each column, by the column's name in the code. */
function placeholders<T extends SQLiteTable>(table: T) {
  const names = Object.keys(getTableColumns(table));
  return Object.fromEntries(names.map((name) => [name, placeholder(name)])) as Record<
    keyof T["$inferInsert"],
    Placeholder
  >;
}
