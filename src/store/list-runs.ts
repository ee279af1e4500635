/** Lists of runs, whose cost does not grow with the number of runs that there are, whatever is asked. */
import { type InferSelectModel, type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { RunFilter } from "../core/ports.js";
import { type ListedRun, RUN_STATUSES, type RunStatus } from "../core/run.js";
import { runs } from "./tables.js";

/** The columns that a list reads: none of the large ones. */
const NAMES = [
  "id",
  "parentRunId",
  "continuesRunId",
  "title",
  "agent",
  "workflow",
  "step",
  "provider",
  "model",
  "status",
  "errorCode",
  "errorMessage",
  "turnsUsed",
  "toolCallsCount",
  "createdAt",
  "finishedAt",
] as const;
const COLUMNS = sql.join(
  NAMES.map((name) => sql`${runs[name]} as ${sql.identifier(name)}`),
  sql`, `,
);

type ListedRow = Pick<InferSelectModel<typeof runs>, (typeof NAMES)[number]>;

export function listRuns(filter: RunFilter, db: BetterSQLite3Database): readonly ListedRun[] {
  return db.all<ListedRow>(toListQuery(filter)).map(toListedRun);
}

/**
 * Reads one range of an index for each status and merges them, newest first, until the page is full: every index of a
 * list has the status behind what narrows it, and the time of creation behind the status.
 */
export function toListQuery(filter: RunFilter): SQL {
  const ranges = [...new Set(filter.status ?? RUN_STATUSES)].map((status) => rangeOf(status, filter));
  const merged = sql.join(ranges, sql` union all `);
  const order = sql`order by ${sql.identifier("createdAt")} desc, ${sql.identifier("id")} desc`;
  return sql`${merged} ${order} limit ${filter.limit}`;
}

/** Names its index: left to itself, SQLite prefers one over more runs where the time is bounded on both sides. */
function rangeOf(status: RunStatus, filter: RunFilter): SQL {
  const { parentRunId, parentSessionId, project, agent, since, after } = filter;
  const conditions = [
    sql`${runs.status} = ${status}`,
    parentRunId === null ? null : sql`${runs.parentRunId} = ${parentRunId}`,
    parentSessionId === null ? null : sql`${runs.parentSessionId} = ${parentSessionId}`,
    project === null ? null : sql`${runs.project} = ${project}`,
    agent === null ? null : sql`${runs.agent} = ${agent}`,
    since === null ? null : sql`${runs.createdAt} >= ${since}`,
    after === null ? null : sql`(${runs.createdAt}, ${runs.id}) < (${after.createdAt}, ${after.id})`,
  ].filter((condition) => condition !== null);
  const index = sql.identifier(indexFor(filter));
  return sql`select ${COLUMNS} from ${runs} indexed by ${index} where ${sql.join(conditions, sql` and `)}`;
}

/** That over the fewest runs: those below one run or session are few, and what else is asked is looked for in them. */
function indexFor({ parentRunId, parentSessionId, project, agent }: RunFilter): string {
  if (parentRunId !== null) return "runs_by_parent";
  if (parentSessionId !== null) return "runs_by_session";
  if (project !== null) return agent === null ? "runs_by_project" : "runs_by_project_and_agent";
  return agent === null ? "runs_by_status" : "runs_by_agent";
}

function toListedRun({
  continuesRunId,
  agent,
  provider,
  model,
  errorCode,
  errorMessage,
  ...row
}: ListedRow): ListedRun {
  const error = errorCode === null ? {} : { error: { code: errorCode, message: errorMessage ?? "" } };
  return {
    ...row,
    continues: continuesRunId,
    request: { agent, provider, model },
    outcome: row.finishedAt === null ? null : error,
  };
}
