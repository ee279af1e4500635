/** respond_to_run: answers what a run asks, or writes to its agent while it works. */
import { z } from "zod";
import { toRunView } from "../../views/run-view.js";
import { existingRun } from "../existing-run.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool, viewDeps } from "../tool.js";

export const respondToRun = defineTool({
  name: "respond_to_run",
  title: "Respond to a run",
  description:
    "Answers what a waiting run asks: approve for an approval, answer for a question. Or sends message to an agent at work, which reads it before its next step.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({
    run_id: runId,
    question_id: z.string().max(20).optional().describe("Of the question that is meant; default: the open one."),
    approve: z.boolean().optional(),
    answer: z.string().optional(),
    comment: z.string().optional().describe("For the agent, along with approve or answer."),
    remark: z.string().optional(), // prose-check: old public name
    message: z.string().optional(),
  }),
  output: runOutput,
  async handle({ run_id, question_id, approve, answer, comment, remark, message }, context) {
    const { store, runner, host, session } = context;
    await runner.setup(); // it knows the secrets that must not be stored
    const run = await existingRun(run_id, store);
    const author = { by: session.clientName ?? "a host", channel: "respond_to_run" } as const;
    const reply = {
      questionId: question_id ?? null,
      approve: approve ?? null,
      text: answer ?? null,
      comment: comment ?? remark ?? null,
      message: message ?? null,
    };
    await runner.respond(run, reply, author);
    const now = await existingRun(run_id, store);
    return { was: run.status, ...(await toRunView(now, viewDeps(context), host.maxAnswer - 100)) };
  },
});
