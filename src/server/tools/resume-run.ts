/** resume_run: resumes a run that was interrupted or ended before it was done, or continues one that succeeded. */
import { z } from "zod";
import { MOST } from "../../core/run/limits.js";
import { existingRun } from "../existing-run.js";
import { shownNotices } from "../notices.js";
import { runAnswer } from "../run-answer.js";
import { runId, runOutput } from "../schemas.js";
import { defineTool } from "../tool.js";

export const resumeRunTool = defineTool({
  name: "resume_run",
  title: "Resume a run",
  description:
    "Continues an interrupted, partial, timeout, error or blocked run of a legwork agent (spawn_agent) where it stopped, with its whole history. For a successful run, message starts a new run that shares its history. Returns at once.",
  searchHint: "continue or resume a legwork agent run",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: z.strictObject({
    run_id: runId,
    message: z.string().min(1).optional().describe("For the agent, before it continues."),
    more_turns: z.int().min(1).max(MOST.maxTurns).optional(),
    more_seconds: z.number().positive().max(MOST.seconds).optional(),
    more_cost_usd: z.number().positive().max(MOST.usd).optional(),
    more_tokens: z.int().min(1).max(MOST.tokens).optional(),
  }),
  output: runOutput,
  async handle({ run_id, ...args }, context) {
    const { store, runner, host, session, signal } = context;
    const run = await existingRun(run_id, store);
    const { run: resumed, notices } = await runner.resume(run, args, { session, signal });
    const extras = { was: run.status, ...shownNotices(notices, host.maxAnswer / 4) };
    return await runAnswer(resumed, extras, context);
  },
});
