/** wait_for_runs: waits for the ends of runs, as long as the host allows. */
import { z } from "zod";
import { toRunView } from "../../views/run-view.js";
import { existingRun } from "../existing-run.js";
import { runId, waitSeconds } from "../schemas.js";
import { defineTool, viewDeps } from "../tool.js";

export const waitForRunsTool = defineTool({
  name: "wait_for_runs",
  title: "Wait for runs",
  description:
    "Waits until any or all of the runs have ended, at most wait_seconds. Returns {runs, pending}: call it again for the pending runs.",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: z.strictObject({
    run_ids: z.array(runId).min(1).max(100),
    mode: z.enum(["any", "all"]).default("all"),
    wait_seconds: waitSeconds.default(45).describe("0 to 50; default 45."),
  }),
  output: z.looseObject({ runs: z.array(z.looseObject({})).optional(), pending: z.array(z.string()).optional() }),
  async handle({ run_ids, mode, wait_seconds }, context) {
    const { store, runner, host, signal, onEvent } = context;
    const runIds = [...new Set(run_ids)];
    for (const id of runIds) await existingRun(id, store);
    const milliseconds = Math.min(wait_seconds, host.maxWaitSeconds) * 1000;
    const runs = await runner.wait({ runIds, mode, milliseconds, signal, onEvent });
    const pending = runs.filter((run) => !runner.needsCaller(run)).map(({ id }) => id);
    const budget = Math.floor((host.maxAnswer - 40 * pending.length - 100) / runs.length);
    const views = await Promise.all(runs.map((run) => toRunView(run, viewDeps(context), budget)));
    return { runs: views, pending };
  },
});
