/** The tools by which an agent works with agents of its own. */
import { z } from "zod";
import { MOST_SOURCES } from "../../core/run/context-source.js";
import { MOST } from "../../core/run/limits.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { CANCEL_RUN, type Effect, GET_RUN, SPAWN_AGENT, WAIT_FOR_RUNS } from "../../core/tools/tool.js";

/** Repeated after a crash, a spawn finds the run that it made before. */
const EFFECTS: ReadonlyMap<string, Effect> = new Map([
  [SPAWN_AGENT, "idempotent"],
  [WAIT_FOR_RUNS, "read_only"],
  [GET_RUN, "read_only"],
  [CANCEL_RUN, "idempotent"],
]);

/** What a tool for child runs does to the world; null for any other tool. */
export function effectOfChildTool(name: string): Effect | null {
  return EFFECTS.get(name) ?? null;
}

const text = { type: "string" };
const runId = { ...text, maxLength: 100 };

/** What hosts and agents alike may say of a run to start; each describes it in its own words. */
export const spawnFields = {
  agent: z.string().max(200).optional(),
  workflow: z.string().max(200).optional(),
  variables: z.record(z.string().max(100), z.json()).optional(),
  /** Each source is looked at when it is read. */
  context: z.array(z.string()).min(1).max(MOST_SOURCES).optional(),
  provider: z.string().optional(),
  model: z.string().max(200).optional(),
  tools: z.array(z.string()).max(1000).optional(),
  blocked_tools: z.array(z.string()).max(1000).optional(),
  output_schema: z.unknown().optional(),
  title: z.string().max(200).optional(),
  max_turns: z.int().min(1).max(MOST.maxTurns).optional(),
  timeout_seconds: z.number().positive().max(MOST.seconds).optional(),
  max_cost_usd: z.number().positive().max(MOST.usd).optional(),
};

/** What an agent may say about an agent of its own. */
export const ChildArguments = z.strictObject({
  prompt: z.string().min(1).describe("The task, with all the agent needs to know."),
  ...spawnFields,
  agent: spawnFields.agent.describe("A ready-made agent, by name; default: a general one."),
  context: spawnFields.context.describe(
    "Given to it before its task: file:<path in the project>, run:<run_id> (outcome) or transcript:<run_id>:<last messages, 1-100> of a run of your own, text:<anything>.",
  ),
  tools: spawnFields.tools.describe("Names with * for any characters; default: what only reads."),
});

function spawnSchema(): object {
  const { $schema: _, ...schema } = z.toJSONSchema(ChildArguments, { io: "input" });
  return schema;
}

let declared: readonly ToolDeclaration[] | null = null;

/** The tools as models see them; the same array at every call. Made when they are first offered: most runs start no others. */
export function childTools(): readonly ToolDeclaration[] {
  declared ??= declarations();
  return declared;
}

function declarations(): readonly ToolDeclaration[] {
  return [
    {
      name: SPAWN_AGENT,
      description:
        "Starts an agent of your own on a part of your task and returns its run_id at once. It sees nothing but its prompt and context, and may use at most what you may.",
      inputSchema: spawnSchema(),
    },
    {
      name: WAIT_FOR_RUNS,
      description: "Waits until all or any of your own runs have ended, and returns their outcomes.",
      inputSchema: {
        type: "object",
        properties: {
          run_ids: {
            type: "array",
            items: runId,
            minItems: 1,
            maxItems: 100,
            description: "Default: all whose end you do not know.",
          },
          mode: { enum: ["all", "any"] },
          wait_seconds: { type: "number", minimum: 0 },
        },
        additionalProperties: false,
      },
    },
    {
      name: GET_RUN,
      description: "What one of your own runs has come to.",
      inputSchema: { type: "object", properties: { run_id: runId }, required: ["run_id"], additionalProperties: false },
    },
    {
      name: CANCEL_RUN,
      description: "Stops one of your own runs and what it has started.",
      inputSchema: {
        type: "object",
        properties: { run_id: runId, reason: { ...text, maxLength: 1000 } },
        required: ["run_id"],
        additionalProperties: false,
      },
    },
  ];
}

/** The declaration of a tool for child runs, or null. */
export function childTool(name: string): ToolDeclaration | null {
  return effectOfChildTool(name) === null ? null : (childTools().find((tool) => tool.name === name) ?? null);
}
