/** `legwork runs adopt`: the runs of a project whose folder was moved belong to the folder where it is now. */
import { ConfigError } from "../../../core/errors.js";
import { visible } from "../../../core/visible.js";
import { defineCommand, jsonOption } from "../../command.js";
import { counted } from "../../render/amounts.js";
import { OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { DatabaseCare, Installation, RunRecords, RunWatch } from "../../services.js";
import { findRun, runArgument } from "./find-run.js";

export const adoptRuns = defineCommand({
  name: "adopt",
  summary: "Bring along the runs of a project whose folder was moved here",
  description:
    "Call it in the folder where the project is now, with any run of it. All runs of the old folder belong to this one then, and can be resumed here. The old folder has to be gone, or to be a link to this one. Trust stays behind.",
  examples: ["legwork runs adopt ID", "legwork runs adopt ID --json"],
  arguments: { id: runArgument },
  options: { json: jsonOption },
  async run({ id, json }, services: RunRecords & RunWatch & DatabaseCare & Installation) {
    const { store } = await services.openRuns();
    const { id: runId, project: from } = await findRun(id, store, services.project);
    const to = services.project;
    if (from === to) throw new ConfigError(`${runId} belongs to this project: there is nothing to bring along`);
    await services.watchOverRuns(); // a run of a dead process is not at work
    const adopted = await services.adoptRuns(from);
    if (adopted.kind === "at_work")
      throw new ConfigError(
        `a legwork process works on ${adopted.runId} of ${from}: close its host, or cancel that run, and try again`,
      );
    if (json) return { text: visibleJson({ runs: adopted.runs, from, project: to }), exitCode: OK_EXIT };
    const text = `${counted(adopted.runs, "run")} of ${from} ${adopted.runs === 1 ? "belongs" : "belong"} to ${to} now\ntrust stays behind: if you trusted the old folder, look at this one and run "legwork trust"\n`;
    return { text: text.split("\n").map(visible).join("\n"), exitCode: OK_EXIT };
  },
});
