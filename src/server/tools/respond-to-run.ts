/** respond_to_run: answers the question of a run, or sends a message to its agent. */
import { z } from "zod";
import { existingRun } from "../existing-run.js";
import { runAnswer } from "../run-answer.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

export const respondToRun = defineTool({
  name: "respond_to_run",
  title: "Respond to a run",
  description:
    "Passes the user's answer to the question of a waiting legwork run: approve for an approval, answer for a question. Ask the user, do not decide. Or sends message to the agent of a run that has not ended, which reads it before its next model request.",
  searchHint: "answer, approve or deny the question of a legwork agent; message to it",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({
    run_id: runId,
    question_id: z.string().max(20).optional().describe("The question to answer. Default: the open one."),
    approve: z.boolean().optional(),
    answer: z.string().optional(),
    comment: z.string().optional().describe("For the agent, along with approve or answer."),
    remark: z.string().optional(), // prose-check: old public name
    message: z.string().optional(),
  }),
  output: runOutput,
  async handle(args, context) {
    const { run_id, question_id, approve, answer, message } = args;
    const comment = args.comment ?? args.remark; // prose-check: old public name
    const { store, runner, session } = context;
    await runner.setup(); // loads the secrets that must not be stored
    const run = await existingRun(run_id, store);
    const author = { by: session.clientName ?? "a host", channel: "respond_to_run" } as const;
    const reply = {
      questionId: question_id ?? null,
      approve: approve ?? null,
      text: answer ?? null,
      comment: comment ?? null,
      message: message ?? null,
    };
    await runner.respond(run, reply, author);
    return await runAnswer(await existingRun(run_id, store), { was: run.status }, context);
  },
});
