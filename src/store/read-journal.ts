/** What is read out of a journal without reading through it. */
import { type SQL, sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { alias } from "drizzle-orm/sqlite-core";
import type { RunEvent, StoredEvent } from "../core/event.js";
import type { EffectfulCall } from "../core/ports.js";
import { type EventRow, readEvent } from "../core/read-event.js";
import { isLandmark, runEvents } from "./tables.js";

interface EffectRow {
  /** The same for each start of one call. */
  readonly key: string;
  readonly tool: string;
  readonly turn: number | null;
  /** JSON of whether it was an error (1 or 0) and of its code; null where the call has not ended. */
  readonly answer: string | null;
}

interface LastQuery {
  readonly type: RunEvent["type"];
  readonly beforeSeq: number | null;
  readonly limit: number;
}

// Left to itself, SQLite would rather read through the journal, which lies in the order of its key.
const BY_LANDMARK = sql`${runEvents} indexed by run_events_landmarks`;

/** The events of one type, newest first. */
export function lastEvents(runId: string, query: LastQuery, db: BetterSQLite3Database): readonly StoredEvent[] {
  const { type, beforeSeq, limit } = query;
  const before = beforeSeq === null ? sql`` : sql` and ${runEvents.seq} < ${beforeSeq}`;
  const isWanted = sql`${runEvents.runId} = ${runId} and ${runEvents.type} = ${type}${before}`;
  const isAccess = type === "tools_resolved" || type === "step_entered";
  const found = isAccess
    ? sql`${BY_LANDMARK} where ${isWanted} and ${isLandmark(runEvents)}`
    : sql`${runEvents} where ${isWanted}`;
  const { seq, at, version, data } = runEvents;
  return db
    .all<EventRow>(
      sql`select ${seq}, ${at}, ${runEvents.type}, ${version}, ${data} from ${found} order by ${seq} desc limit ${limit}`,
    )
    .map(readEvent);
}

/** The calls that were not read-only, oldest first, each once, however often it was started. */
export function listEffects(runId: string, limit: number, db: BetterSQLite3Database): readonly EffectfulCall[] {
  const { data, seq, type } = runEvents;
  const rows = db.all<EffectRow>(sql`
    select json_array(${data} ->> '$.turn', ${data} ->> '$.index', ${data} ->> '$.call') as key,
      ${data} ->> '$.tool' as tool, ${data} ->> '$.turn' as turn, (${endOfCall()}) as answer
    from ${BY_LANDMARK}
    where ${runEvents.runId} = ${runId} and ${type} in ('tool_call_started', 'workflow_call_started')
      and ${isLandmark(runEvents)}
    order by ${seq} limit ${limit}`);
  return [...new Map(rows.map((row) => [row.key, toEffectfulCall(row)])).values()];
}

/** The first event behind the start of a call that tells its end: in most journals the next one. */
function endOfCall(): SQL {
  const end = alias(runEvents, "end_events");
  const isSame = (field: string) => sql`${end.data} ->> ${field} is ${runEvents.data} ->> ${field}`;
  return sql`
    select json_array(${end.data} ->> '$.isError', ${end.data} ->> '$.code') from ${runEvents} as ${end}
    where ${end.runId} = ${runEvents.runId} and ${end.seq} > ${runEvents.seq}
      and ${end.type} = replace(${runEvents.type}, '_started', '_finished')
      and ${isSame("$.turn")} and ${isSame("$.index")} and ${isSame("$.call")}
    order by ${end.seq} limit 1`;
}

function toEffectfulCall({ tool, turn, answer }: EffectRow): EffectfulCall {
  if (answer === null) return { tool, turn, answer };
  const [isError, code] = JSON.parse(answer) as [isError: number, code: string | null];
  return { tool, turn, answer: { isError: isError === 1, code } };
}
