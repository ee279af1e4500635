/** The tables. Times are Unix milliseconds; JSON columns are text that core's types describe. */
import { type AnyColumn, isNotNull, type SQL, sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { RunEvent } from "../../../core/journal/event.js";
import type { Question } from "../../../core/run/question.js";
import type { Outcome, RunRequest, RunStatus } from "../../../core/run/run.js";

/** The part of a request that has no column of its own. */
type FrozenRequest = Omit<RunRequest, "agent" | "provider" | "model" | "prompt">;

/** Who is talking: a host connection (depth 0) or an agent (depth 1 and more). */
export const sessions = sqliteTable("sessions", {
  id: text("id").primaryKey(),
  parentSessionId: text("parent_session_id"),
  depth: integer("depth").notNull(),
  kind: text("kind").$type<"host" | "agent">().notNull(),
  clientName: text("client_name"),
  clientVersion: text("client_version"),
  project: text("project").notNull(),
  title: text("title"),
  createdAt: integer("created_at").notNull(),
  endedAt: integer("ended_at"),
});

/** One row a run: its frozen request, and the projection of its events. */
export const runs = sqliteTable(
  "runs",
  {
    id: text("id").primaryKey(),
    sessionId: text("session_id").notNull(),
    parentSessionId: text("parent_session_id").notNull(),
    parentRunId: text("parent_run_id"),
    rootRunId: text("root_run_id").notNull(),
    depth: integer("depth").notNull(),
    project: text("project").notNull(),
    title: text("title").notNull(),
    agent: text("agent").notNull(),
    workflow: text("workflow"),
    step: text("step"),
    provider: text("provider").notNull(),
    model: text("model").notNull(),
    prompt: text("prompt").notNull(),
    request: text("request", { mode: "json" }).$type<FrozenRequest>().notNull(),
    status: text("status").$type<RunStatus>().notNull(),
    outcome: text("outcome", { mode: "json" }).$type<Outcome>(),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    turnsUsed: integer("turns_used").notNull().default(0),
    toolCallsCount: integer("tool_calls_count").notNull().default(0),
    inputTokens: integer("input_tokens").notNull().default(0),
    outputTokens: integer("output_tokens").notNull().default(0),
    cachedTokens: integer("cached_tokens").notNull().default(0),
    thinkingTokens: integer("thinking_tokens").notNull().default(0),
    cacheWriteTokens: integer("cache_write_tokens").notNull().default(0),
    costUsd: real("cost_usd"),
    /** Of the request in flight. */
    reservedUsd: real("reserved_usd").notNull().default(0),
    reservedTokens: integer("reserved_tokens").notNull().default(0),
    idempotencyKey: text("idempotency_key"),
    requestHash: text("request_hash"),
    owner: text("owner"),
    epoch: integer("epoch").notNull(),
    leaseExpiresAt: integer("lease_expires_at"),
    attempts: integer("attempts").notNull().default(0),
    interruptedAt: integer("interrupted_at"),
    question: text("question", { mode: "json" }).$type<Question>(),
    continuesRunId: text("continues_run_id"),
    lastSeq: integer("last_seq").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    lastEventAt: integer("last_event_at").notNull(),
    finishedAt: integer("finished_at"),
  },
  (table) => [
    uniqueIndex("runs_idempotency").on(table.project, table.idempotencyKey).where(isNotNull(table.idempotencyKey)),
    // One index for each filter of a list (list-runs.ts), with the columns of further filters. None holds a column that a turn changes.
    index("runs_by_status").on(table.status, table.createdAt, table.id),
    index("runs_by_project").on(table.project, table.status, table.createdAt, table.id),
    index("runs_by_agent").on(table.agent, table.status, table.createdAt, table.id),
    index("runs_by_project_and_agent").on(table.project, table.agent, table.status, table.createdAt, table.id),
    index("runs_by_session").on(table.parentSessionId, table.status, table.createdAt, table.id, table.agent),
    index("runs_by_parent")
      .on(table.parentRunId, table.status, table.createdAt, table.id, table.agent, table.project)
      .where(isNotNull(table.parentRunId)),
    index("runs_reserving").on(table.reservedTokens).where(sql`reserved_tokens > 0`),
    index("runs_by_continued").on(table.continuesRunId).where(sql`continues_run_id IS NOT NULL`),
  ],
);

/** The journal: the truth about every run. */
export const runEvents = sqliteTable(
  "run_events",
  {
    runId: text("run_id").notNull(),
    seq: integer("seq").notNull(),
    at: integer("at").notNull(),
    type: text("type").$type<RunEvent["type"]>().notNull(),
    version: integer("version").notNull(),
    data: text("data").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.seq] }),
    index("run_events_landmarks").on(table.runId, table.type, table.seq).where(isLandmark(table)),
  ],
);

/** The few events that answers look for anywhere in a journal: changes of the access, and calls with an effect. */
export function isLandmark({ type, data }: { readonly type: AnyColumn; readonly data: AnyColumn }): SQL {
  const setsAccess = sql`${type} in ('tools_resolved', 'step_entered')`;
  const isCall = sql`${type} in ('tool_call_started', 'workflow_call_started')`;
  return sql`(${setsAccess} or (${isCall} and ${data} ->> '$.effect' <> 'read_only'))`;
}

/** Texts too large for an event, by their SHA-256. */
export const blobs = sqliteTable("blobs", {
  hash: text("hash").primaryKey(),
  text: text("text").notNull(),
  createdAt: integer("created_at").notNull(),
});

/** The use of all runs of the home, by the local calendar day. */
export const dailyUsage = sqliteTable("daily_usage", {
  day: text("day").primaryKey(),
  usd: real("usd").notNull(),
  tokens: integer("tokens").notNull(),
});

/** The tools of downstream servers when they were last up: parts of lists, by the hash of the definition and a number. */
export const catalogs = sqliteTable("catalogs", {
  definitionHash: text("definition_hash").primaryKey(),
  // Before the list, so that reading it does not read through the list.
  savedAt: integer("saved_at").notNull(),
  list: text("list").notNull(),
});

/** Definitions of downstream tools as the user accepted them; `source` is the file that defines the server. */
export const pins = sqliteTable(
  "pins",
  {
    source: text("source").notNull(),
    server: text("server").notNull(),
    tool: text("tool").notNull(),
    hash: text("hash").notNull(),
    definition: text("definition").notNull(),
    acceptedAt: integer("accepted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.server, table.tool] })],
);

/** The rate limits of keys, as far as they are known; `account` is a hash of the key and its address. */
export const providerPace = sqliteTable("provider_pace", {
  account: text("account").primaryKey(),
  pace: text("pace").notNull(),
});
