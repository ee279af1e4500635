/** wait_for_runs: waits, within what a host allows, for runs to end. */
import { z } from "zod";
import { needsCaller, waitForRuns } from "../../runner/operations/wait-for-runs.js";
import { toAnswer } from "../../views/run-view.js";
import { existingRuns } from "../existing-run.js";
import { runId, waitSeconds } from "../schemas.js";
import { defineTool } from "../tool.js";

export const waitForRunsTool = defineTool({
  name: "wait_for_runs",
  title: "Wait for runs",
  description:
    "Waits until any or all of the runs have ended, at most wait_seconds. Answers {runs, pending}: call it again for those still pending.",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    run_ids: z.array(runId).min(1).max(100),
    mode: z.enum(["any", "all"]).default("all"),
    wait_seconds: waitSeconds.default(45).describe("0 to 50; default 45."),
  }),
  output: z.looseObject({ runs: z.array(z.looseObject({})).optional(), pending: z.array(z.string()).optional() }),
  async handle({ run_ids, mode, wait_seconds }, { runtime, host, signal, onEvent }) {
    const runIds = [...new Set(run_ids)];
    existingRuns(runIds, runtime.store);
    const milliseconds = Math.min(wait_seconds, host.maxWaitSeconds) * 1000;
    const runs = await waitForRuns({ runIds, mode, milliseconds, signal, onEvent }, runtime);
    const pending = runs.filter((run) => !needsCaller(run, runtime)).map(({ id }) => id);
    const budget = Math.floor((host.maxAnswer - 40 * pending.length - 100) / runs.length);
    return { runs: runs.map((run) => toAnswer(run, runtime, budget)), pending };
  },
});
