/** cancel_run: stops a run and its model request and tool calls, in any process. */
import { z } from "zod";
import { existingRun } from "../existing-run.js";
import { runAnswer } from "../run-answer.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

export const cancelRun = defineTool({
  name: "cancel_run",
  title: "Cancel a run",
  description:
    "Stops a run of a legwork agent (spawn_agent): aborts its model request and tool calls and cancels its children. Changes nothing if the run has ended. Returns the run, with its previous status as was.",
  searchHint: "stop, abort or cancel a legwork agent run in the background",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({ run_id: runId, reason: z.string().max(1000).optional() }),
  output: runOutput,
  async handle({ run_id, reason }, context) {
    const { store, runner } = context;
    await existingRun(run_id, store);
    await context.secretsKnown(); // the reason is stored
    const message = reason === undefined ? "cancelled by the host" : `cancelled by the host: ${reason}`;
    const outcome = { status: "cancelled", result: null, error: { code: "cancelled", message } } as const;
    const { was } = await runner.end(run_id, outcome);
    const run = await existingRun(run_id, store);
    return await runAnswer(run, { was }, context);
  },
});
