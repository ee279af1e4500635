/** complete: ends a run by id with an outcome that the host gives. Agents have a `complete` of their own. */
import { z } from "zod";
import { RequestError } from "../../core/errors.js";
import { Completion, judgeComplete } from "../../runner/loop/judge-complete.js";
import { unmetByWorkflow } from "../../runner/loop/unmet-by-workflow.js";
import { endRun } from "../../runner/operations/end-run.js";
import { toAnswer } from "../../views/run-view.js";
import { existingRun } from "../existing-run.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

export const complete = defineTool({
  name: "complete",
  title: "Complete a run",
  description: "Ends a running run by hand with the outcome you give, and stops its agent.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({ run_id: runId, ...Completion.shape }),
  output: runOutput,
  async handle({ run_id, ...completion }, { runtime, host }) {
    const run = existingRun(run_id, runtime.store);
    const refuse = (status: string) =>
      new RequestError("not_running", `${run_id} is ${status}: only a running run can be completed`);
    if (run.status !== "running" && run.status !== "waiting") throw refuse(run.status);
    await runtime.secretsKnown(); // a host's outcome is stored
    const verdict = await judgeComplete(completion, run.request.outputSchema, runtime.schemas);
    if (!verdict.accepted) throw new RequestError("invalid_arguments", verdict.reason);
    const unmet = verdict.outcome.status === "success" ? await unmetByWorkflow(run, runtime) : [];
    if (unmet.length > 0)
      throw new RequestError(
        "not_done",
        `${run_id} cannot end in success: ${unmet.join("; ")}; give status partial or blocked, or let it go on`,
      );
    const { was, ended } = endRun(run_id, verdict.outcome, runtime);
    if (!ended) throw refuse(was); // it came to another end in the meantime
    return { was, ...toAnswer(existingRun(run_id, runtime.store), runtime, host.maxAnswer - 100) };
  },
});
