/** respond_to_run: answers what a run asks, or writes to its agent while it works. */
import { z } from "zod";
import { RequestError } from "../../core/errors.js";
import { answerRun, sendToRun } from "../../runner/answer-run.js";
import { existingRun } from "../existing-run.js";
import { toAnswer } from "../run-answer.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

const Text = z.string().min(1).max(20_000);

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
    answer: Text.optional().describe("The answer, or a remark on an approval."),
    message: Text.optional(),
  }),
  output: runOutput,
  async handle({ run_id, question_id, approve, answer, message }, { runtime, host, session }) {
    const run = existingRun(run_id, runtime.store);
    const giver = { by: session.clientName ?? "a host", door: "respond_to_run" } as const;
    const answers = approve !== undefined || answer !== undefined;
    if (answers === (message !== undefined))
      throw new RequestError(
        "invalid_arguments",
        "give either approve or answer to a question, or a message to the agent",
      );
    if (message !== undefined) sendToRun(run, message, giver, runtime.newId("msg"), runtime);
    else {
      answerRun(
        run,
        { questionId: question_id ?? null, approve: approve ?? null, text: answer ?? null },
        giver,
        runtime,
      );
      runtime.takeOver.look();
    }
    return { was: run.status, ...toAnswer(existingRun(run_id, runtime.store), runtime, host.maxAnswer - 100) };
  },
});
