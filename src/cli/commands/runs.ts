/** `legwork runs`: the runs of a project, and one of them: what it did, what it does, its end, its answers and how it goes on. */
import { ConfigError, newerVersion } from "../../core/errors.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { StoredEvent } from "../../core/run/event.js";
import type { ReadReply } from "../../core/run/history.js";
import { isEnded, type ListedRun, type Run } from "../../core/run/run.js";
import type { Access } from "../../core/tools/access.js";
import { accessAt } from "../../runner/operations/access-at.js";
import { refuseNewer } from "../../runner/request/newer-runs.js";
import { costOfFamily } from "../../views/run-view.js";
import { type CommandEnd, OK_EXIT, TROUBLE_EXIT } from "../render/command-end.js";
import { accessText, listText, runText } from "../render/show-runs.js";
import { visibleJson } from "../render/visible.js";
import { endOfRun, followRun } from "./follow-run.js";
import { type PruneDeps, type PruneOptions, pruneCommand } from "./prune-runs.js";
import { type RespondDeps, type RespondOptions, respondCommand } from "./respond.js";
import { type OpenedForRun, resumeHere } from "./resume-here.js";

export interface RunsDeps extends PruneDeps, RespondDeps {
  readonly store: Pick<
    RunStore,
    "listRuns" | "getRun" | "hasNewerEvents" | "listEvents" | "lastEvents" | "endTree" | "costOfTree"
  >;
  readonly readReply: ReadReply;
  /** Runs, events and access as programs read them: in the same words as the MCP tools. */
  readonly shapes: {
    listed(run: ListedRun): object;
    whole(run: Run): Promise<object>;
    event(event: StoredEvent): object;
    access(access: Access): object;
  };
  /** Without the secrets that must not be stored. */
  redacted(text: string): Promise<string>;
  /** Says something while the command goes on. */
  write(text: string): void;
  /** Marks the runs whose process is gone, now and every few seconds, until the returned function is called. */
  lookAfterRuns(): Promise<() => void>;
  /** What is needed to work on a run in this process. */
  open(): Promise<OpenedForRun>;
}

export interface RunsOptions extends PruneOptions, RespondOptions {
  /** What stands behind `runs`. */
  readonly words: readonly string[];
  readonly access: boolean;
  /** The seq of an event; null is now. */
  readonly at: number | null;
  /** How many runs to list; null is as usual. */
  readonly limit: number | null;
  /** Why a run is cancelled. */
  readonly reason: string | null;
  /** What a run is given to go on. */
  readonly message: string | null;
  readonly moreTurns: number | null;
  readonly moreSeconds: number | null;
  readonly moreCostUsd: number | null;
  /** Characters in a line of the terminal. */
  readonly width: number;
}

const LISTED_RUNS = 20;

/** The verbs with the options that each takes beside --json, and with what else they stand on the command line. */
const VERBS = {
  list: { usage: "legwork runs list", takes: ["limit"] },
  show: { usage: "legwork runs show ID", takes: ["access", "at"] },
  watch: { usage: "legwork runs watch ID", takes: [] },
  cancel: { usage: "legwork runs cancel ID", takes: ["reason"] },
  resume: { usage: "legwork runs resume ID", takes: ["message", "moreTurns", "moreSeconds", "moreCostUsd"] },
  respond: {
    usage: "legwork runs respond ID",
    takes: ["approve", "deny", "answer", "comment", "question", "message"],
  },
  prune: { usage: "legwork runs prune", takes: ["olderThan", "all", "dryRun"] },
} as const satisfies Record<string, { usage: string; takes: readonly (keyof RunsOptions)[] }>;

type Verb = keyof typeof VERBS;

/** Throws ConfigError or RequestError for what is not there, StoreError. */
export async function runs(options: RunsOptions, deps: RunsDeps): Promise<CommandEnd> {
  const [word = "list", id, more] = options.words;
  const verb = verbNamed(word);
  refuseForeign(verb, options);
  if (verb === "prune") {
    if (id !== undefined) throw new ConfigError(`unexpected argument "${id}": legwork runs prune takes options only`);
    return await pruneCommand(options, deps);
  }
  if (verb === "list") {
    if (id !== undefined) throw new ConfigError(`unexpected argument "${id}": legwork runs show ${id} shows one run`);
    return await listRuns(options, deps);
  }
  if (id === undefined || more !== undefined) throw new ConfigError(`name one run: ${VERBS[verb].usage}`);
  const run = await deps.store.getRun(id);
  if (run === null) throw new ConfigError(`there is no run "${id}": "legwork runs list" shows those of this project`);
  switch (verb) {
    case "show":
      return await showOne(run, options, deps);
    case "watch":
      return await watchRun(run, options, deps);
    case "cancel":
      return await cancelRun(run, options, deps);
    case "respond":
      return await respondCommand(run, options, deps);
    case "resume":
      return await resumeHere(run, options, deps);
  }
}

function verbNamed(word: string): Verb {
  const names = Object.keys(VERBS);
  if (names.includes(word)) return word as Verb;
  throw new ConfigError(`there is no "legwork runs ${word}": use ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`);
}

function refuseForeign(verb: Verb, options: RunsOptions): void {
  const verbs: readonly { readonly usage: string; readonly takes: readonly (keyof RunsOptions)[] }[] =
    Object.values(VERBS);
  const own: readonly (keyof RunsOptions)[] = VERBS[verb].takes;
  const given = verbs.flatMap(({ takes }) => takes).filter((key) => options[key] !== null && options[key] !== false);
  const foreign = given.find((option) => !own.includes(option));
  if (foreign !== undefined) {
    const owners = verbs.filter(({ takes }) => takes.includes(foreign)).map(({ usage }) => usage);
    const option = foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new ConfigError(`--${option} belongs to ${owners.join(" or ")}`);
  }
  if (options.at !== null && !options.access) throw new ConfigError("--at belongs to legwork runs show ID --access");
}

async function listRuns(
  { json, limit, width }: RunsOptions,
  { store, project, shapes }: RunsDeps,
): Promise<CommandEnd> {
  const all = { status: null, agent: null, parentSessionId: null, parentRunId: null, since: null, after: null };
  const found = await store.listRuns({ ...all, project, limit: limit ?? LISTED_RUNS });
  return { text: json ? visibleJson({ runs: found.map(shapes.listed) }) : listText(found, width), exitCode: OK_EXIT };
}

async function showOne(run: Run, options: RunsOptions, deps: RunsDeps): Promise<CommandEnd> {
  const text = options.access ? await showAccess(run, options, deps) : await showRun(run, options, deps);
  return { text, exitCode: isEnded(run.status) && run.status !== "success" ? TROUBLE_EXIT : OK_EXIT };
}

async function showRun(
  run: Run,
  { json, width }: RunsOptions,
  { store, readReply, shapes }: RunsDeps,
): Promise<string> {
  const isNewer = await store.hasNewerEvents(run.id);
  const events = isNewer ? [] : await store.listEvents(run.id, { afterSeq: 0 });
  if (json) return visibleJson({ run: await shapes.whole(run), events: events.map(shapes.event) });
  const shown = isNewer ? { ...run, question: null } : run; // nobody can answer it here
  const note = isNewer ? `its events cannot be shown: ${newerVersion(run.id).message}\n` : "";
  return `${runText(shown, await costOfFamily(run, store), events, readReply, width)}${note}`;
}

async function showAccess(run: Run, { json, at }: RunsOptions, { store, shapes }: RunsDeps): Promise<string> {
  await refuseNewer(run.id, store);
  const access = await accessAt(run, at, store);
  return json ? visibleJson({ run: shapes.listed(run), ...shapes.access(access) }) : accessText(run, access);
}

async function watchRun({ id }: Run, options: RunsOptions, deps: RunsDeps): Promise<CommandEnd> {
  const stop = await deps.lookAfterRuns();
  try {
    return endOfRun(await followRun(id, { afterSeq: 0 }, options, deps), options);
  } finally {
    stop();
  }
}

/** Its process notices by itself and stops what it does. */
async function cancelRun({ id }: Run, { json, reason }: RunsOptions, deps: RunsDeps): Promise<CommandEnd> {
  const { store, shapes } = deps;
  const why = reason === null ? "" : `: ${await deps.redacted(reason)}`;
  const message = `cancelled by the user${why}`;
  const outcome = { status: "cancelled", result: null, error: { code: "cancelled", message } } as const;
  const was = (await store.endTree(id, outcome)).find((run) => run.id === id)?.was;
  const now = await store.getRun(id);
  if (now === null || was === undefined) throw new Error(`run ${id} is gone`);
  const said = was === now.status ? `${id} had ended before: ${was}` : `${id} was ${was} and is ${now.status} now`;
  return { text: json ? visibleJson({ was, run: await shapes.whole(now) }) : `${said}\n`, exitCode: OK_EXIT };
}
