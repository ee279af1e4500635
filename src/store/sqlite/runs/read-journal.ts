/** Reads of a journal: events from a place on, and single events by an index. */
import type Database from "better-sqlite3";
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { EVENT_VERSION, type StoredEvent } from "../../../core/journal/event.js";
import { readEvent } from "../../../core/journal/read-event.js";
import type { EffectfulCall, RunStore } from "../../../core/ports/run-store.js";
import { isLandmark, runEvents } from "../connection/tables.js";
import { toNative } from "../driver/native-statement.js";

/**
 * The key of a call (the same for each start of it), the place of its start, its tool, its place in the replies or its
 * arguments, and JSON of its answer: is it an error (1 or 0), and its code; null where the call has not ended.
 */
type EffectRow = readonly [
  key: string,
  startedSeq: number,
  tool: string,
  turn: number | null,
  index: number | null,
  args: string | null,
  answer: string | null,
];

const { placeholder } = sql;
const { seq } = runEvents;
const MOST_CHECKED = 10_000; // runs
const NO_LIMIT = -1; // as SQLite says it
const EVENT = sql`${seq}, ${runEvents.at}, ${runEvents.type}, ${runEvents.version}, ${runEvents.data}`;
// SQLite itself would scan the journal in the order of its primary key.
const BY_LANDMARK = sql`${runEvents} indexed by run_events_landmarks`;

export interface JournalReads {
  hasNewerEvents(runId: string): boolean;
  hasNewerEnds(runId: string): boolean;
  listEvents(...args: Parameters<RunStore["listEvents"]>): readonly StoredEvent[];
  lastEvents(...args: Parameters<RunStore["lastEvents"]>): readonly StoredEvent[];
  listEffects(...args: Parameters<RunStore["listEffects"]>): readonly EffectfulCall[];
}

/** Prepares the statements once. */
export function prepareJournalReads(sqlite: Database.Database): JournalReads {
  const next = toNative(sqlite, nextEvents());
  const last = toNative(sqlite, lastEvents(sql`${runEvents} where ${ofType()}`));
  const lastAccess = toNative(sqlite, lastEvents(sql`${BY_LANDMARK} where ${ofType()} and ${isLandmark(runEvents)}`));
  const effects = toNative(sqlite, firstEffects());
  const newest = toNative(sqlite, newestAfter());
  const newerEnd = toNative(sqlite, newerEnds());
  /** The last seq checked of each run. Events never change, and are deleted with their whole run only. */
  const checkedUpTo = new Map<string, number>();

  function hasNewerEvents(runId: string): boolean {
    const [version, lastSeq] = newest.first({ runId, afterSeq: checkedUpTo.get(runId) ?? 0 }) as readonly (
      | number
      | null
    )[];
    if ((version ?? 0) > EVENT_VERSION) return true;
    const isUncommitted = sqlite.inTransaction; // a rollback would free these places for other events
    if (lastSeq == null || isUncommitted) return false;
    if (checkedUpTo.size >= MOST_CHECKED) checkedUpTo.clear();
    checkedUpTo.set(runId, lastSeq);
    return false;
  }

  return {
    hasNewerEvents,
    hasNewerEnds: (runId) => newerEnd.first({ runId }) !== undefined,
    listEvents: (runId, { afterSeq, limit = NO_LIMIT, type }) =>
      next.all({ runId, afterSeq, limit, type }).map(toEvent),
    lastEvents(runId, { type, beforeSeq, limit }) {
      const query = type === "tools_resolved" || type === "step_entered" ? lastAccess : last;
      return query.all({ runId, type, beforeSeq, limit }).map(toEvent);
    },
    listEffects(runId, limit) {
      const rows = effects.all({ runId, limit }) as EffectRow[];
      return [...new Map(rows.map((row) => [row[0], toEffectfulCall(row)])).values()];
    },
  };
}

/** The newest version and the last place of the events after a place, without their data; nulls where there are none. */
function newestAfter(): SQL {
  return sql`
    select max(${runEvents.version}), max(${seq}) from ${runEvents}
    where ${runEvents.runId} = ${placeholder("runId")} and ${seq} > ${placeholder("afterSeq")}`;
}

/** Whether the first or the last event is newer. */
function newerEnds(): SQL {
  const all = alias(runEvents, "all_events");
  const last = sql`(select max(${all.seq}) from ${runEvents} as ${all} where ${all.runId} = ${placeholder("runId")})`;
  return sql`
    select 1 from ${runEvents}
    where ${runEvents.runId} = ${placeholder("runId")} and ${seq} in (1, ${last})
      and ${runEvents.version} > ${EVENT_VERSION} limit 1`;
}

/** Includes every event of a newer legwork, because this process does not know its meaning. */
function nextEvents(): SQL {
  const type = placeholder("type");
  return sql`
    select ${EVENT} from ${runEvents}
    where ${runEvents.runId} = ${placeholder("runId")} and ${seq} > ${placeholder("afterSeq")}
      and (${type} is null or ${runEvents.type} = ${type} or ${runEvents.version} > ${EVENT_VERSION})
    order by ${seq} limit ${placeholder("limit")}`;
}

/** The events of one type, newest first. */
function lastEvents(from: SQL): SQL {
  return sql`
    select ${EVENT} from ${from} and ${seq} < ifnull(${placeholder("beforeSeq")}, ${Number.MAX_SAFE_INTEGER})
    order by ${seq} desc limit ${placeholder("limit")}`;
}

function ofType(): SQL {
  return sql`${runEvents.runId} = ${placeholder("runId")} and ${runEvents.type} = ${placeholder("type")}`;
}

function toEvent(row: readonly unknown[]): StoredEvent {
  const [seq, at, type, version, data] = row as [number, number, string, number, string];
  return readEvent({ seq, at, type, version, data });
}

/** The calls that were not read-only, oldest first, each once, however often it was started. */
function firstEffects(): SQL {
  const { data, type } = runEvents;
  return sql`
    select json_array(${data} ->> '$.turn', ${data} ->> '$.index', ${data} ->> '$.call'),
      ${seq}, ${data} ->> '$.tool', ${data} ->> '$.turn', ${data} ->> '$.index', ${data} -> '$.arguments', (${endOfCall()})
    from ${BY_LANDMARK}
    where ${runEvents.runId} = ${placeholder("runId")} and ${type} in ('tool_call_started', 'workflow_call_started')
      and ${isLandmark(runEvents)}
    order by ${seq} limit ${placeholder("limit")}`;
}

/** The first event after the start of a call that records its end: in most journals the next one. */
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

function toEffectfulCall([, startedSeq, tool, turn, index, args, answer]: EffectRow): EffectfulCall {
  const call = { tool, turn, index, startedSeq, arguments: args === null ? null : (JSON.parse(args) as object) };
  if (answer === null) return { ...call, answer };
  const [isError, code] = JSON.parse(answer) as [isError: number, code: string | null];
  return { ...call, answer: { isError: isError === 1, code } };
}
