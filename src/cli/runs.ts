/** `legwork runs`: the runs of a project, one of them with all it did and what it was allowed to do, and an end to old ones. */
import { ConfigError } from "../core/errors.js";
import type { StoredEvent } from "../core/event.js";
import type { ReadReply } from "../core/history.js";
import type { RunStore } from "../core/ports.js";
import { isEnded, type ListedRun, type Run } from "../core/run.js";
import { accessAt } from "../runner/access-at.js";
import { type CommandEnd, OK_EXIT, TROUBLE_EXIT } from "./command-end.js";
import { type PruneDeps, type PruneOptions, pruneCommand } from "./prune-runs.js";
import { accessText, listText, runText } from "./show-runs.js";
import { visibleJson } from "./visible.js";

export interface RunsDeps extends PruneDeps {
  readonly store: Pick<RunStore, "listRuns" | "getRun" | "listEvents" | "lastEvents">;
  readonly readReply: ReadReply;
  /** Runs, events and access as programs read them: in the same words as the MCP tools. */
  readonly shapes: {
    listed(run: ListedRun): object;
    whole(run: Run): object;
    event(event: StoredEvent): object;
    access(access: ReturnType<typeof accessAt>): object;
  };
}

export interface RunsOptions extends PruneOptions {
  /** What stands behind `runs`. */
  readonly words: readonly string[];
  readonly access: boolean;
  /** The seq of an event; null is now. */
  readonly at: number | null;
  /** How many runs to list; null is as usual. */
  readonly limit: number | null;
  /** Characters in a line of the terminal. */
  readonly width: number;
}

const LISTED_RUNS = 20;
const MOST_EVENTS = 1_000_000;

/** Throws ConfigError or RequestError for what is not there, StoreError. */
export async function runs(options: RunsOptions, deps: RunsDeps): Promise<CommandEnd> {
  const [verb = "list", ...words] = options.words;
  if (verb !== "list" && verb !== "show" && verb !== "prune")
    throw new ConfigError(`there is no "legwork runs ${verb}": use list, show or prune`);
  if (verb !== "show" && options.access) throw new ConfigError("--access belongs to legwork runs show ID");
  if (options.at !== null && !options.access) throw new ConfigError("--at belongs to legwork runs show ID --access");
  if (verb !== "list" && options.limit !== null) throw new ConfigError("--limit belongs to legwork runs list");
  const prunes = options.olderThan !== null || options.all || options.dryRun;
  if (verb !== "prune" && prunes)
    throw new ConfigError("--older-than, --all and --dry-run belong to legwork runs prune");
  const [id, more] = words;
  if (verb === "prune") {
    if (id !== undefined) throw new ConfigError(`unexpected argument "${id}": legwork runs prune takes options only`);
    return await pruneCommand(options, deps);
  }
  if (verb === "list") {
    if (id !== undefined) throw new ConfigError(`unexpected argument "${id}": legwork runs show ${id} shows one run`);
    return listRuns(options, deps);
  }
  if (id === undefined || more !== undefined) throw new ConfigError("name one run: legwork runs show ID");
  const run = deps.store.getRun(id);
  if (run === null) throw new ConfigError(`there is no run "${id}": "legwork runs list" shows those of this project`);
  const text = options.access ? showAccess(run, options, deps) : showRun(run, options, deps);
  return { text, exitCode: isEnded(run.status) && run.status !== "success" ? TROUBLE_EXIT : OK_EXIT };
}

function listRuns({ json, limit, width }: RunsOptions, { store, project, shapes }: RunsDeps): CommandEnd {
  const all = { status: null, agent: null, parentSessionId: null, parentRunId: null, since: null, after: null };
  const found = store.listRuns({ ...all, project, limit: limit ?? LISTED_RUNS });
  return { text: json ? visibleJson({ runs: found.map(shapes.listed) }) : listText(found, width), exitCode: OK_EXIT };
}

function showRun(run: Run, { json, width }: RunsOptions, { store, readReply, shapes }: RunsDeps): string {
  const events = store.listEvents(run.id, { afterSeq: 0, limit: MOST_EVENTS });
  return json
    ? visibleJson({ run: shapes.whole(run), events: events.map(shapes.event) })
    : runText(run, events, readReply, width);
}

function showAccess(run: Run, { json, at }: RunsOptions, { store, shapes }: RunsDeps): string {
  const access = accessAt(run, at, store);
  return json ? visibleJson({ run: shapes.listed(run), ...shapes.access(access) }) : accessText(run, access);
}
