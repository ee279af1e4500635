/**
 * Fills a database with runs that have ended. The store itself writes a few; all others are copies of these under other
 * names and times, so that they have the columns and events of the current version.
 */
import { encodeTime } from "ulid";
import { openSqlite } from "../../dist/store/sqlite/driver/open-sqlite.js";
import { createRunStore, toFrozenWorkflow } from "./dist-parts.mjs";
import { journalOf } from "./journals.mjs";

const EVERY_MS = 60_000; // between one run and the next
const NEWEST_AGE_MS = 2 * 24 * 3600 * 1000; // older than any run that legwork still recovers by itself
const FULL_JOURNAL = 40; // events
const ONE_IN_FULL = 100;
const LONG_JOURNAL = 5_000; // events
const LONG = ["long reading", "long interrupted"]; // one whose calls only read, and one without a result
const COMMIT_EVERY = 50_000; // runs
const PROJECTS = 50;
const AGENTS = 20;
const RUNS_OF_A_SESSION = 20;

/** Values that are rare or absent, for filters that match few and old runs. */
export const RARE = { agent: "ancient-agent", project: "project-ancient", status: "waiting", nowhere: "nowhere" };
const ENDS = ["success", "partial", "blocked", "error", "timeout", "cancelled"];
const KINDS = [...ENDS, "interrupted"].flatMap((status) =>
  [false, true].flatMap((full) => [false, true].map((led) => ({ status, full, led }))),
);

/**
 * Fills the new file with `count` runs. Returns the values to read it with: a project with many runs, a session and a run
 * with many runs below them, runs with long journals, and the times of the oldest and the middle run.
 */
export async function fillStore(file, count, projectPath = (name) => `/stored/${name}`) {
  const newest = Date.now() - NEWEST_AGE_MS;
  const oldest = newest - count * EVERY_MS;
  const templates = await writeTemplates(file, oldest);
  const database = openSqlite(file);
  for (const pragma of [
    "journal_mode = MEMORY",
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
    "cache_size = -1000000",
  ])
    database.pragma(pragma);
  const copy = prepareCopy(database);
  const rebuildIndexes = dropIndexes(database);
  const sources = new Map(templates.map(({ kind, id }) => [kind, readRun(database, id)]));
  const crowd = { session: "ses_crowded", parent: "", from: Math.floor(count / 2), size: Math.ceil(count / 200) };
  const long = {};
  for (const { id } of templates) forget(database, id);
  for (let from = 0; from < count; from += COMMIT_EVERY) {
    database.exec("BEGIN");
    for (let n = from; n < Math.min(count, from + COMMIT_EVERY); n++) {
      const id = idAt("run", oldest + n * EVERY_MS, n);
      if (n === crowd.from) crowd.parent = id;
      const longKind = LONG[count - 1 - n];
      if (longKind !== undefined) long[longKind] = id;
      const kind = longKind ?? kindOf(n, count);
      copy(sources.get(kind), { id, at: oldest + n * EVERY_MS, ...originOf(n, count, crowd, projectPath) });
    }
    database.exec("COMMIT");
  }
  rebuildIndexes();
  database.close();
  return {
    project: projectPath("project-0"),
    rareProject: projectPath(RARE.project),
    session: crowd.session,
    parent: crowd.parent,
    long,
    oldest,
    middle: oldest + Math.floor(count / 2) * EVERY_MS,
    newest,
  };
}

/** Writes one run of each kind, and the runs with long journals, through the store. */
async function writeTemplates(file, at) {
  const { store, close } = await createRunStore(file, at);
  const workflow = await toFrozenWorkflow("plan-execute");
  const step = workflow.steps[0].name;
  const anyCaller = { signal: new AbortController().signal, maxChildren: 1 };
  const append = (lease, events) => store.append(lease, { events, blobs: [] }, { durable: false });
  const write = async (kind, { status, led, journal }) => {
    const id = idAt("run", at, written.length);
    const { run } = await store.createRun(newRun(id, led ? workflow : null), anyCaller);
    const lease = { runId: id, epoch: run.epoch };
    await append(lease, [{ type: "run_started" }, ...journal]);
    if (status === "interrupted")
      await store.interruptAll([lease], "legwork was ended by SIGTERM", { withinMs: 1_000 });
    else await append(lease, [{ type: "run_finished", outcome: outcomeOf(status) }]);
    written.push({ kind, id });
  };
  const written = [];
  for (const { status, full, led } of KINDS) {
    const journal = full ? journalOf({ events: FULL_JOURNAL, step: led ? step : null }) : [];
    await write(nameOf(status, full, led), { status, led, journal });
  }
  const journal = (effectful) => journalOf({ events: LONG_JOURNAL, effectful, step });
  const [reading, interrupted] = LONG;
  await write(reading, { status: "success", led: true, journal: journal(0) });
  await write(interrupted, { status: "interrupted", led: true, journal: journal(0.2) });
  await close();
  return written;
}

function newRun(id, workflow) {
  return {
    id,
    sessionId: id.replace("run", "ses"),
    parentSessionId: "ses_host",
    parentRunId: null,
    rootRunId: id,
    depth: 1,
    project: "/stored",
    title: "Find where the size of a thing is decided",
    hostSession: null,
    message: null,
    continues: null,
    idempotency: null,
    request: {
      prompt: "Find where the size of a thing is decided, and say which files would have to change. ".repeat(2),
      systemPrompt: null,
      agent: "default",
      provider: "rehearsal",
      model: "stored",
      limits: { maxTurns: 30, timeoutSeconds: 600, toolTimeoutSeconds: 60, stallSeconds: 300 },
      policy: { allow: [{ patterns: ["read_only"], from: "tools (spawn_agent)" }], block: [] },
      outputSchema: null,
      workflow,
      variables: {},
    },
  };
}

function outcomeOf(status) {
  if (status === "success") return { status, result: "It is decided in src/create-thing.ts. ".repeat(6) };
  return { status, result: null, error: { code: status, message: `the run ended in ${status} before it was done` } };
}

function nameOf(status, full, led) {
  return `${status}${full ? " full" : ""}${led ? " led" : ""}`;
}

function kindOf(n, count) {
  const status = statusOf(n, count);
  const isFull = n % ONE_IN_FULL === 7;
  return nameOf(status === RARE.status ? "interrupted" : status, isFull, n % 4 === 1); // a waiting run is a copy too
}

/** Nearly all runs succeed; the runs that wait for an answer are ancient. */
function statusOf(n, count) {
  if (isAncient(n, count) && n % 10 === 3) return "waiting";
  const lot = scatter(n, 1) * 1_000;
  if (lot < 860) return "success";
  if (lot < 910) return "error";
  if (lot < 940) return "cancelled";
  if (lot < 970) return "partial";
  if (lot < 985) return "timeout";
  return lot < 999 ? "blocked" : "interrupted";
}

/** The project, agent and parent of a run: most belong to one project, and most have the default agent. */
function originOf(n, count, crowd, projectPath) {
  const crowded = n > crowd.from && n <= crowd.from + crowd.size;
  const lot = scatter(n, 2);
  const ancient = isAncient(n, count) && n % 2 === 0;
  const project = crowded || lot < 0.4 ? "project-0" : `project-${Math.floor(lot * PROJECTS)}`;
  return {
    project: projectPath(ancient ? RARE.project : project),
    agent: ancient ? RARE.agent : scatter(n, 3) < 0.6 ? "default" : `agent-${n % AGENTS}`,
    parentSessionId: crowded ? crowd.session : `ses_host_${Math.floor(n / RUNS_OF_A_SESSION)}`,
    parentRunId: crowded ? crowd.parent : null,
    waiting: statusOf(n, count) === "waiting",
  };
}

function isAncient(n, count) {
  return n < count / 1_000;
}

/** A number from 0 to 1 that is the same for the same arguments. */
function scatter(n, salt) {
  const mixed = Math.imul((n + 1) ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
}

function idAt(prefix, time, n) {
  return `${prefix}_${encodeTime(time).toLowerCase()}${n.toString(32).padStart(16, "0")}`;
}

/** The rows of a run in each table. */
function readRun(database, id) {
  const run = database.prepare("SELECT * FROM runs WHERE id = ?").get(id);
  const session = database.prepare("SELECT * FROM sessions WHERE id = ?").get(run.session_id);
  const events = database.prepare("SELECT * FROM run_events WHERE run_id = ? ORDER BY seq").all(id);
  return { run, session, events };
}

function forget(database, id) {
  database.prepare("DELETE FROM sessions WHERE id = (SELECT session_id FROM runs WHERE id = ?)").run(id);
  for (const [table, column] of [["runs", "id"], ["run_events", "run_id"]]) // biome-ignore format: a short list
    database.prepare(`DELETE FROM ${table} WHERE ${column} = ?`).run(id);
}

/** Drops the indexes, because building one over all rows is much faster than row by row. Returns the function that builds them again. */
function dropIndexes(database) {
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    .all();
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`);
  return () => {
    for (const { sql } of indexes) database.exec(sql);
  };
}

function prepareCopy(database) {
  const insertRun = prepareInsert(database, "runs");
  const insertSession = prepareInsert(database, "sessions");
  const insertEvent = prepareInsert(database, "run_events");
  return ({ run, session, events }, { id, at, project, agent, parentSessionId, parentRunId, waiting }) => {
    const shift = at - run.created_at;
    const later = (time) => (time === null ? null : time + shift);
    const sessionId = id.replace("run", "ses");
    insertSession({ ...session, id: sessionId, parent_session_id: parentSessionId, project, created_at: at });
    insertRun({
      ...run,
      id,
      session_id: sessionId,
      parent_session_id: parentSessionId,
      parent_run_id: parentRunId,
      root_run_id: parentRunId ?? id,
      project,
      agent,
      status: waiting ? RARE.status : run.status,
      created_at: at,
      started_at: later(run.started_at),
      last_event_at: later(run.last_event_at),
      finished_at: later(run.finished_at),
    });
    for (const event of events) insertEvent({ ...event, run_id: id, at: later(event.at) });
  };
}

function prepareInsert(database, table) {
  const columns = database.pragma(`table_info(${table})`).map(({ name }) => name);
  const insert = database.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  return (row) => insert.run(columns.map((column) => row[column]));
}
