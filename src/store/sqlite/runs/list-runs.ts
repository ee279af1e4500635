/** Lists of runs: the cost of any list does not grow with the number of stored runs. */
import type Database from "better-sqlite3";
import { type InferSelectModel, type SQL, sql } from "drizzle-orm";
import type { RunFilter } from "../../../core/ports/run-store.js";
import { type ListedRun, RUN_STATUSES, type RunStatus } from "../../../core/run/run.js";
import { runs } from "../connection/tables.js";
import { type NativeStatement, toNative } from "../driver/native-statement.js";

/** The columns that a list reads: none of the large ones. */
const NAMES = [
  "id",
  "parentRunId",
  "continuesRunId",
  "project",
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
  "costUsd",
  "createdAt",
  "finishedAt",
] as const;
const COLUMNS = sql.join(
  NAMES.map((name) => sql`${runs[name]} as ${sql.identifier(name)}`),
  sql`, `,
);

type ListedRow = Pick<InferSelectModel<typeof runs>, (typeof NAMES)[number]>;

/** The statuses and the further filters of a list, which determine its query. */
type Shape = { readonly status: readonly RunStatus[] } & Readonly<Record<(typeof NARROWERS)[number], boolean>>;

const NARROWERS = ["parentRunId", "parentSessionId", "project", "agent", "since", "after"] as const;
const MOST_PREPARED = 200; // hosts ask for few kinds of lists, but might ask for any

/** Lists runs; the query of each kind of list is prepared when it is first asked for. */
export function createRunLists(sqlite: Database.Database): (filter: RunFilter) => readonly ListedRun[] {
  const prepared = new Map<string, NativeStatement>();

  function queryFor(filter: RunFilter): NativeStatement {
    const shape = shapeOf(filter);
    const key = JSON.stringify(shape);
    const known = prepared.get(key);
    if (known) return known;
    const statement = toNative(sqlite, toListQuery(shape));
    if (prepared.size >= MOST_PREPARED) prepared.clear();
    prepared.set(key, statement);
    return statement;
  }

  return (filter) => {
    const { agent, project, parentSessionId, parentRunId, since, after, limit } = filter;
    const values = { agent, project, parentSessionId, parentRunId, since, limit };
    const rows = queryFor(filter).all({ ...values, afterId: after?.id, afterCreatedAt: after?.createdAt });
    return rows.map((row) => toListedRun(Object.fromEntries(NAMES.map((name, at) => [name, row[at]])) as ListedRow));
  };
}

export function shapeOf(filter: RunFilter): Shape {
  const status = RUN_STATUSES.filter((one) => filter.status === null || filter.status.includes(one));
  const narrows = NARROWERS.map((name) => [name, filter[name] !== null] as const);
  return { status, ...(Object.fromEntries(narrows) as Record<(typeof NARROWERS)[number], boolean>) };
}

/**
 * Reads one range of an index for each status and merges them, newest first, until the page is full: every index of a
 * list has the columns of its filter first, then the status, then the time of creation. The placeholders have the names of
 * the fields of the filter.
 */
export function toListQuery(shape: Shape): SQL {
  const merged = sql.join(
    shape.status.map((status) => rangeOf(status, shape)),
    sql` union all `,
  );
  const order = sql`order by ${sql.identifier("createdAt")} desc, ${sql.identifier("id")} desc`;
  return sql`${merged} ${order} limit ${sql.placeholder("limit")}`;
}

/** Names the index: SQLite itself chooses a larger one where the time is bounded on both sides. */
function rangeOf(status: RunStatus, shape: Shape): SQL {
  const { placeholder } = sql;
  const conditions = [
    sql`${runs.status} = ${status}`,
    shape.parentRunId ? sql`${runs.parentRunId} = ${placeholder("parentRunId")}` : null,
    shape.parentSessionId ? sql`${runs.parentSessionId} = ${placeholder("parentSessionId")}` : null,
    shape.project ? sql`${runs.project} = ${placeholder("project")}` : null,
    shape.agent ? sql`${runs.agent} = ${placeholder("agent")}` : null,
    shape.since ? sql`${runs.createdAt} >= ${placeholder("since")}` : null,
    shape.after
      ? sql`(${runs.createdAt}, ${runs.id}) < (${placeholder("afterCreatedAt")}, ${placeholder("afterId")})`
      : null,
  ].filter((condition) => condition !== null);
  const index = sql.identifier(indexFor(shape));
  return sql`select ${COLUMNS} from ${runs} indexed by ${index} where ${sql.join(conditions, sql` and `)}`;
}

/** The index with the fewest runs: a run or session has few children, so the other filters scan those. */
function indexFor({ parentRunId, parentSessionId, project, agent }: Shape): string {
  if (parentRunId) return "runs_by_parent";
  if (parentSessionId) return "runs_by_session";
  if (project) return agent ? "runs_by_project_and_agent" : "runs_by_project";
  return agent ? "runs_by_agent" : "runs_by_status";
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
