/** `legwork runs list`: the last runs of a project. */
import { toListed } from "../../../views/run-view.js";
import { defineCommand, jsonOption, wholeNumber } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { listText } from "../../render/show-runs.js";
import { visibleJson } from "../../render/visible.js";
import type { Installation, RunRecords, Terminal } from "../../services.js";

const LISTED_RUNS = 20;
const MOST_LISTED = 1_000;

export const listRuns = defineCommand({
  name: "list",
  summary: "List the last runs of the project",
  description: `Lists the newest runs first, ${LISTED_RUNS} where no number is named.`,
  examples: ["legwork runs", "legwork runs list --limit 100"],
  arguments: {},
  options: { limit: wholeNumber("N", "How many runs to list", MOST_LISTED), json: jsonOption },
  async run({ limit, json }, services: RunRecords & Installation & Terminal) {
    const { store } = await services.openRuns();
    const all = { status: null, agent: null, parentSessionId: null, parentRunId: null, since: null, after: null };
    const found = await store.listRuns({ ...all, project: services.project, limit: limit ?? LISTED_RUNS });
    const text = json ? visibleJson({ runs: found.map((run) => toListed(run, {})) }) : listText(found, services.width);
    return { text, exitCode: OK_EXIT };
  },
});
