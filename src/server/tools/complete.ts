/** complete: ends a run with an outcome that the host gives. Agents have a `complete` of their own. */
import { z } from "zod";
import { Completion } from "../../runner/tools/arguments.js";
import { existingRun } from "../existing-run.js";
import { runAnswer } from "../run-answer.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

export const complete = defineTool({
  name: "complete",
  title: "Complete a run",
  description:
    "Ends a running or waiting run of a legwork agent (spawn_agent) with the outcome you give, and stops its agent. It does not report your own work.",
  searchHint: "end a legwork agent run by hand with an outcome",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({ run_id: runId, ...Completion.shape }),
  output: runOutput,
  async handle({ run_id, ...completion }, context) {
    const { store, runner } = context;
    const { was } = await runner.complete(await existingRun(run_id, store), completion);
    const run = await existingRun(run_id, store);
    return await runAnswer(run, { was }, context);
  },
});
