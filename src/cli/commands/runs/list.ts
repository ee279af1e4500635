/** `legwork runs list`: the last runs of a project, or of all. */
import type { RunStore } from "../../../core/ports/run-store.js";
import { type ListedRun, RUN_STATUSES } from "../../../core/run/run.js";
import { toListed } from "../../../views/run-view.js";
import { choices, defineCommand, jsonOption, text, toggle, wholeNumber } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { listText } from "../../render/list-runs.js";
import { visibleJson } from "../../render/visible.js";
import type { Installation, RunRecords, Terminal } from "../../services.js";
import { observeRuns } from "./observe-runs.js";

const LISTED_RUNS = 20;
const MOST_LISTED = 1_000;

export const listRuns = defineCommand({
  name: "list",
  summary: "List the last runs of the project",
  description: `Lists the newest runs first, ${LISTED_RUNS} where no number is named, and the runs that a run has started below it.`,
  examples: ["legwork runs", "legwork runs list --status waiting,interrupted", "legwork runs list --all --limit 100"],
  arguments: {},
  options: {
    status: choices("STATUS", "Only runs of this status, or of several with commas between them", RUN_STATUSES),
    agent: text("NAME", "Only runs of this agent"),
    all: toggle("List runs of all projects, also of folders that were moved or deleted"),
    limit: wholeNumber("N", "How many runs to list", MOST_LISTED),
    json: jsonOption,
  },
  async run({ status, agent, all, limit, json }, services: RunRecords & Installation & Terminal) {
    const { store } = await services.openRuns();
    const project = all ? null : services.project;
    const runs = await observeRuns({ status, agent, project, limit: limit ?? LISTED_RUNS }, store);
    if (json) {
      const views = runs.map((run) => ({ ...toListed(run, {}), ...(all ? { project: run.project } : {}) }));
      return { text: visibleJson({ runs: views }), exitCode: OK_EXIT };
    }
    const isFiltered = status !== null || agent !== null;
    const shown = isFiltered ? runs : await withParents(runs, store);
    const none = isFiltered
      ? "no run is as asked"
      : all
        ? "there are no runs yet"
        : 'there are no runs of this project yet ("legwork runs list --all" lists those of other folders)';
    return { text: listText(shown, { width: services.width, byProject: all, none }), exitCode: OK_EXIT };
  },
});

/** The runs and those above them, which may be too old for the list. */
async function withParents(
  runs: readonly ListedRun[],
  store: Pick<RunStore, "getRuns">,
): Promise<readonly ListedRun[]> {
  const known = new Set(runs.map(({ id }) => id));
  const above = runs.flatMap(({ parentRunId: id }) => (id === null || known.has(id) ? [] : [id]));
  const parents = await store.getRuns([...new Set(above)]);
  return parents.length === 0 ? runs : await withParents([...runs, ...parents], store);
}
