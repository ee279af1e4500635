/** cancel_run: stops a run and what it is doing, whichever process works on it. */
import { z } from "zod";
import { endRun } from "../../runner/operations/end-run.js";
import { toAnswer } from "../../views/run-view.js";
import { existingRun } from "../existing-run.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

export const cancelRun = defineTool({
  name: "cancel_run",
  title: "Cancel a run",
  description:
    "Stops a run: its model request and tool call in flight are aborted, its children cancelled. Harmless for a run that has ended. Says what it was and what it is now.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({ run_id: runId, reason: z.string().max(1000).optional() }),
  output: runOutput,
  async handle({ run_id, reason }, { runtime, host }) {
    existingRun(run_id, runtime.store);
    await runtime.secretsKnown(); // a host's reason is stored
    const message = reason === undefined ? "cancelled by the host" : `cancelled by the host: ${reason}`;
    const { was } = endRun(
      run_id,
      { status: "cancelled", result: null, error: { code: "cancelled", message } },
      runtime,
    );
    return { was, ...toAnswer(existingRun(run_id, runtime.store), runtime, host.maxAnswer - 100) };
  },
});
