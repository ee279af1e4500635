/** spawn_agent: starts a run and returns its id, or its outcome where the caller waits for it. */
import { z } from "zod";
import type { ToolPolicy } from "../../core/run/run.js";
import { spawnFields } from "../../runner/tools/arguments.js";
import type { ToolSet } from "../../runner/tools/tool-set.js";
import { cutToFit } from "../../views/page.js";
import { toolSummary } from "../../views/run-view.js";
import { shownNotices } from "../notices.js";
import { runAnswer } from "../run-answer.js";
import { runOutput, waitSeconds } from "../schemas.js";
import { defineTool } from "../tool.js";

export const spawnAgent = defineTool({
  name: "spawn_agent",
  title: "Spawn an agent",
  description:
    "Delegates a task to a legwork agent that works in the background; spawn several to work in parallel. Unlike a sub-agent of the host it uses the user's MCP servers, can be led through a workflow, and is recorded: it outlives this session and can be resumed. Returns run_id at once; with wait_seconds, the outcome if it ends in time. It sees only prompt and context, and may only read unless tools, its definition or its workflow grants more.",
  searchHint: null,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: z.strictObject({
    prompt: z.string().describe("The task, with everything the agent needs to know."),
    agent: spawnFields.agent.describe("An agent of list_agents. Default: a general agent."),
    workflow: spawnFields.workflow.describe(
      "A workflow of list_agents; the agent cannot skip its steps. Default: the workflow of agent, if any.",
    ),
    variables: spawnFields.variables.describe("Values of variables of the agent and the workflow."),
    context: spawnFields.context.describe(
      "Sources that the agent reads before its task: file:<path in the project>, run:<run_id> (outcome), transcript:<run_id>:<last messages, 1-100>, text:<anything>.",
    ),
    provider: spawnFields.provider.describe(
      "gemini, anthropic, openai or one of config.yaml; rehearsal replays a script.",
    ),
    model: spawnFields.model.describe(
      "A model, or several with commas between them: the next is asked where one refuses to serve.",
    ),
    effort: spawnFields.effort,
    temperature: spawnFields.temperature,
    max_output_tokens: spawnFields.max_output_tokens,
    tools: spawnFields.tools.describe(
      'Tools the agent may use: names with * for any characters, "read_only" for all read-only tools. Default: the grants of agent or workflow, else ["read_only"].',
    ),
    blocked_tools: spawnFields.blocked_tools.describe("Tools the agent may not use; wins over tools."),
    output_schema: spawnFields.output_schema.describe("JSON Schema for data of the outcome."),
    title: spawnFields.title,
    system_prompt: z.string().optional(),
    max_turns: spawnFields.max_turns,
    timeout_seconds: spawnFields.timeout_seconds,
    max_cost_usd: spawnFields.max_cost_usd.describe("Maximum cost in USD of this run and of every run it starts."),
    max_tokens: spawnFields.max_tokens,
    wait_seconds: waitSeconds.default(0).describe("0 to 50; default 0."),
    idempotency_key: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe("A second call with this key starts no second run."),
  }),
  output: runOutput,
  async handle({ wait_seconds, ...args }, context) {
    const { runner, host, session, signal, progress, redact } = context;
    const { run, isNew, toolSet, notices } = await runner.start(args, { session, signal });
    progress.follow([run], redact);
    const milliseconds = Math.min(wait_seconds, host.maxWaitSeconds) * 1000;
    const [now = run] = await runner.wait({
      runIds: [run.id],
      mode: "all",
      milliseconds,
      signal,
      listener: progress,
    });
    const extras = {
      ...(isNew ? {} : { existing: true }),
      ...shownNotices(notices, host.maxAnswer / 4),
      ...(runner.needsCaller(now) ? {} : { granted: granted(run.request.policy, toolSet) }),
    };
    return await runAnswer(now, extras, context);
  },
});

const SHOWN_PATTERNS = 500; // bytes

/** The tools that a run may use, for the time before it has recorded them itself. */
function granted(policy: ToolPolicy, toolSet: ToolSet | null) {
  const { allow, block } = policy;
  return {
    tools: cutToFit(JSON.stringify(allow[0]?.patterns ?? []), SHOWN_PATTERNS),
    from: allow.map((source) => source.from).join(", within "),
    ...(block.length > 0 ? { blocked_tools: cutToFit(JSON.stringify(block), SHOWN_PATTERNS) } : {}),
    ...(toolSet
      ? toolSummary(toolSet.rulings)
      : { how_to_grant: 'pass tools with names or patterns, such as ["read_only", "workspace__write_file"]' }),
  };
}
