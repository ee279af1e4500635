/** The run that the user names. */
import { ConfigError } from "../../../core/errors.js";
import type { RunStore } from "../../../core/ports/run-store.js";
import type { ListedRun, Run } from "../../../core/run/run.js";
import { visible } from "../../../core/visible.js";
import { one } from "../../command.js";

/** The argument of commands that work on one run. */
export const runArgument = one("ID", "The run: its id, the beginning of its id, or last", "name one run");

/** Filters of a list that lets every run through. */
export const ANY_RUN = {
  status: null,
  agent: null,
  project: null,
  parentSessionId: null,
  parentRunId: null,
  since: null,
  after: null,
} as const;

const LAST = "last";
const MOST_NAMED = 5; // candidates in a refusal
const LOOKED_AT = 100; // runs at a time

type Lookup = Pick<RunStore, "getRun" | "getRuns" | "idsWithPrefix" | "listRuns">;

/**
 * The run of this id, the only one whose id begins so, or the last one that no other run of the project has started.
 * Throws ConfigError where there is none or more than one, StoreError.
 */
export async function findRun(name: string, store: Lookup, project: string): Promise<Run> {
  if (name === LAST) return await lastRun(store, project);
  const run = await store.getRun(name);
  if (run !== null) return run;
  const prefix = name.startsWith("run_") ? name : `run_${name}`;
  const ids = name === "" ? [] : await store.idsWithPrefix(prefix.toLowerCase(), MOST_NAMED + 1);
  const found = await store.getRuns(ids);
  const [first] = found;
  if (first === undefined)
    throw new ConfigError(`there is no run "${name}": "legwork runs list" shows those of this project, --all all`);
  if (found.length === 1) return first;
  const named = found.slice(0, MOST_NAMED).map(({ id, title }) => `${id} (${visible(title)})`);
  const more = found.length > MOST_NAMED ? " and more" : "";
  throw new ConfigError(`several runs begin with "${name}", write more of the id: ${named.join(", ")}${more}`);
}

async function lastRun(store: Lookup, project: string): Promise<Run> {
  let after: ListedRun | null = null;
  do {
    const page: readonly ListedRun[] = await store.listRuns({ ...ANY_RUN, project, after, limit: LOOKED_AT });
    const found = page.find(({ parentRunId }) => parentRunId === null);
    const run = found === undefined ? null : await store.getRun(found.id);
    if (run !== null) return run;
    after = page.at(-1) ?? null;
  } while (after !== null);
  throw new ConfigError('this project has no run yet: "legwork runs list --all" shows those of other folders');
}
