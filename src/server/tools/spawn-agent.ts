/** spawn_agent: starts a run and hands out its handle, or its outcome where the caller waits for it. */
import { z } from "zod";
import { MOST } from "../../core/limits.js";
import { startRun } from "../../runner/start-run.js";
import { waitForRuns } from "../../runner/wait-for-runs.js";
import { toAnswer } from "../run-answer.js";
import { runOutput, waitSeconds } from "../schemas.js";
import { defineTool } from "../tool.js";

export const spawnAgent = defineTool({
  name: "spawn_agent",
  title: "Spawn an agent",
  description:
    "Starts a sub-agent on a task. Returns its run_id at once; with wait_seconds, its outcome if it ends in time. The agent sees nothing but the prompt, and may only read unless tools grants more.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: z.strictObject({
    prompt: z.string().describe("The task, with all the agent needs to know."),
    agent: z.string().optional().describe("Agent definition; default: a general agent."),
    workflow: z.string().optional(),
    provider: z.string().optional().describe("gemini, or rehearsal to play a script."),
    model: z.string().optional(),
    tools: z
      .array(z.string())
      .max(1000)
      .optional()
      .describe(
        'What it may use: tool names with * for any characters, "read_only" for all that only read. Default ["read_only"].',
      ),
    blocked_tools: z.array(z.string()).max(1000).optional().describe("Patterns that always win over tools."),
    output_schema: z.unknown().optional().describe("JSON Schema that the outcome's data must satisfy."),
    title: z.string().max(200).optional(),
    system_prompt: z.string().optional(),
    max_turns: z.int().min(1).max(MOST.maxTurns).optional(),
    timeout_seconds: z.number().positive().max(MOST.seconds).optional(),
    wait_seconds: waitSeconds.default(0).describe("Up to 50; default 0."),
    idempotency_key: z.string().min(1).max(200).optional().describe("The same key never starts a second run."),
  }),
  output: runOutput,
  async handle({ wait_seconds, ...args }, { runtime, host, session, signal, onEvent }) {
    const { run, isNew, notices } = await startRun(args, session.open, runtime);
    const milliseconds = Math.min(wait_seconds, host.maxWaitSeconds) * 1000;
    const [now] = await waitForRuns({ runIds: [run.id], mode: "all", milliseconds, signal, onEvent }, runtime);
    const extra = { ...(isNew ? {} : { existing: true }), ...(notices.length > 0 ? { notices } : {}) };
    const rule = now?.status === "pending" || now?.status === "running" ? { policy: policyOf(run.request.policy) } : {};
    return { ...toAnswer(now ?? run, runtime, host.maxAnswer - 600 * (1 + notices.length)), ...rule, ...extra };
  },
});

/** What the run may use, said before its servers have told their tools. */
function policyOf({
  allow,
  block,
}: {
  allow: { patterns: readonly string[]; from: string };
  block: readonly object[];
}) {
  const granted = `tools ${JSON.stringify(allow.patterns).slice(0, 300)} (${allow.from})`;
  const blocked = block.length > 0 ? ", less what blocked_tools names" : "";
  return `${granted}${blocked}; grant more with tools: names, patterns with *, or "read_only"`;
}
