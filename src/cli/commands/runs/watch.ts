/** `legwork runs watch`: the events of a run as they come, until its end. */
import { defineCommand, jsonOption } from "../../command.js";
import type { Installation, RunRecords, RunWatch, Terminal } from "../../services.js";
import { findRun, runArgument } from "./find-run.js";
import { endOfRun, followRun } from "./follow-run.js";

export const watchRun = defineCommand({
  name: "watch",
  summary: "Print the events of a run as they come, until its end",
  description:
    "Follows a run in whichever process it is, and says how to answer it or resume it where it waits or is interrupted. The exit code is 1 for a run that ends without success. With --json it prints one event a line.",
  examples: ["legwork runs watch ID", "legwork runs watch last"],
  arguments: { id: runArgument },
  options: { json: jsonOption },
  async run({ id, json }, services: RunRecords & RunWatch & Installation & Terminal) {
    const runs = await services.openRuns();
    const run = await findRun(id, runs.store, services.project);
    await services.watchOverRuns();
    return endOfRun(await followRun(run.id, { afterSeq: 0 }, { json, ...runs, terminal: services }), json);
  },
});
