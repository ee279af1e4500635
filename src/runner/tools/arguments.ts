/** The arguments that hosts and agents pass to legwork's own tools. */
import { z } from "zod";
import { MOST_SOURCES } from "../../core/run/context-source.js";
import { LEAST_OUTPUT_TOKENS, MOST } from "../../core/run/limits.js";
import { modelsIn } from "../../core/run/model-name.js";
import { EFFORTS } from "../../core/run/model-settings.js";
import { explainIssue } from "../../lib/issue-text.js";

/** The arguments of `complete`, from an agent or from a host. */
export const Completion = z.strictObject({
  result: z.string(),
  status: z.enum(["success", "partial", "blocked"]).default("success"),
  data: z.unknown().optional(),
  artifacts: z.array(z.string()).optional(),
  files_modified: z.array(z.string()).optional(),
  next_steps: z.array(z.string()).optional(),
});
export type Completion = z.infer<typeof Completion>;

const LONGEST_NAME = 200; // characters

function areModels(value: unknown): boolean {
  const names = typeof value === "string" ? modelsIn(value) : value;
  if (!Array.isArray(names) || names.length === 0 || names.length > MOST.models) return false;
  return names.every((name) => typeof name === "string" && name !== "" && name.length <= LONGEST_NAME);
}

/** Names with commas between them, or a list; tool lists say a text, since not every host reads alternatives in a schema. */
const models = z
  .unknown()
  .refine(areModels, `names a model, or up to ${MOST.models} with commas between them`)
  .meta({ type: "string" }) as unknown as z.ZodType<string | readonly string[]>;

/** The arguments of a spawn that hosts and agents share; each describes them in its own words. */
export const spawnFields = {
  agent: z.string().max(200).optional(),
  workflow: z.string().max(200).optional(),
  variables: z.record(z.string().max(100), z.json()).optional(),
  /** Each source is checked when it is read. */
  context: z.array(z.string()).min(1).max(MOST_SOURCES).optional(),
  provider: z.string().optional(),
  model: models.optional(),
  effort: z.enum(EFFORTS).optional(),
  temperature: z.number().min(0).max(MOST.temperature).optional(),
  max_output_tokens: z.int().min(LEAST_OUTPUT_TOKENS).max(MOST.outputTokens).optional(),
  tools: z.array(z.string()).max(1000).optional(),
  blocked_tools: z.array(z.string()).max(1000).optional(),
  /** Any JSON Schema; tool lists name the usual type. */
  output_schema: z.unknown().meta({ type: "object", additionalProperties: true }).optional(),
  title: z.string().max(200).optional(),
  max_turns: z.int().min(1).max(MOST.maxTurns).optional(),
  timeout_seconds: z.number().positive().max(MOST.seconds).optional(),
  max_cost_usd: z.number().positive().max(MOST.usd).optional(),
  max_tokens: z.int().min(1).max(MOST.tokens).optional(),
};

/** The arguments of an agent for an agent of its own. */
export const ChildArguments = z.strictObject({
  prompt: z.string().min(1).describe("The task, with all the agent needs to know."),
  ...spawnFields,
  agent: spawnFields.agent.describe("A ready-made agent, by name; default: a general one."),
  context: spawnFields.context.describe(
    "Given to it before its task: file:<path in the project>, run:<run_id> (outcome) or transcript:<run_id>:<last messages, 1-100> of a run of your own, text:<anything>.",
  ),
  tools: spawnFields.tools.describe("Names with * for any characters; default: read-only tools."),
});

/** The first fault of arguments that were parsed with `reportInput`, in words. */
export function faultInArguments({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return "the arguments do not fit";
  const where = issue.path.join(".");
  if (issue.code === "unrecognized_keys")
    return `${[...issue.path, issue.keys[0]].join(".")} is not allowed: there is no such name`;
  return explainIssue(where || "the arguments", issue);
}
