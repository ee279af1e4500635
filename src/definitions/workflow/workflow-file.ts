/** The schema of a workflow file. */
import { z } from "zod";
import {
  Depth,
  EffortChoice,
  Models,
  OutputTokens,
  Pattern,
  Patterns,
  Seconds,
  Temperature,
  Tokens,
  Turns,
  Usd,
} from "../../yaml/shared-fields.js";
import { Name, OutputSchema, Text, VariableName, Variables } from "../read/definition-fields.js";

const MOST_STEPS = 200; // nobody can follow more, and checking them would be slow

const MOST_CALLS = 1_000; // in a turn; no model makes more

const when = Text.optional();

const Tool = z
  .string()
  .regex(
    /^_?[A-Za-z0-9-]+(_[A-Za-z0-9-]+)*__[A-Za-z0-9_-]+$/,
    'name one tool with its server, such as "workspace__read_text_file"',
  );

const Action = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("inject_message"), when, content: Text }),
  z.strictObject({ action: z.literal("set_variable"), when, name: VariableName, value: z.json() }),
  z.strictObject({ action: z.literal("increment_variable"), when, name: VariableName, by: z.number().optional() }),
  z.strictObject({
    action: z.literal("call_tool"),
    when,
    tool: Tool,
    arguments: z.record(z.string(), z.json()).optional(),
    output_as: VariableName.optional(),
    on_failure: z.enum(["end", "continue"]).optional(),
  }),
  z.strictObject({
    action: z.literal("end_run"),
    when,
    status: z.enum(["success", "partial", "blocked"]).optional(),
    result: Text.optional(),
  }),
]);

const Actions = z.array(Action);

const message = Text.optional();

/** Which model works, and how. */
const models = {
  provider: Text.optional(),
  model: Models.optional(),
  effort: EffortChoice.optional(),
  temperature: Temperature.optional(),
  max_output_tokens: OutputTokens.optional(),
};

const ExitCondition = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("variable_set"), variable: z.string(), message }),
  z.strictObject({ type: z.literal("expression"), when: Text, message }),
  z.strictObject({ type: z.literal("tool_succeeded"), tool: Pattern, in_step: z.boolean().optional(), message }),
  z.strictObject({ type: z.literal("action_count"), min_count: z.int().min(1), message }),
  z.strictObject({
    type: z.literal("user_approval"),
    prompt: Text.optional(),
    timeout_seconds: Seconds.optional(),
    message,
  }),
]);

const Rule = z.strictObject({
  name: Text,
  when,
  action: z.enum(["block", "allow", "warn", "require_approval"]),
  message,
});

const Transition = z.strictObject({ to: Name, when, message, on_transition: Actions.optional() });

const Step = z.strictObject({
  name: Name,
  description: Text.optional(),
  instructions: Text.optional(),
  on_enter: Actions.optional(),
  allowed_tools: z.union([z.literal("all"), Patterns], { error: explainAllowed }).optional(),
  blocked_tools: Patterns.optional(),
  max_calls_per_turn: z.int().min(1).max(MOST_CALLS).optional(),
  rules: z.array(Rule).optional(),
  transitions: z.array(Transition).optional(),
  exit_conditions: z.array(ExitCondition).optional(),
  on_exit: Actions.optional(),
  ...models,
});

/** A workflow file after its parents were merged in. */
export const WorkflowFile = z.strictObject({
  name: Name.optional(),
  description: Text.optional(),
  version: z.union([z.string(), z.number()], { error: "version has to be a text or a number" }).optional(),
  type: z.literal("step").optional(),
  extends: Name.optional(),
  settings: z
    .strictObject({
      ...models,
      allow_provider_override: z.boolean().optional(),
      max_turns: Turns.optional(),
      timeout_seconds: Seconds.optional(),
      max_cost_usd: Usd.optional(),
      max_tokens: Tokens.optional(),
      max_depth: Depth.optional(),
      output_schema: OutputSchema.optional(),
      required_tools: Patterns.optional(),
      max_refusals: z.int().min(0).max(100).optional(),
    })
    .optional(),
  variables: Variables.optional(),
  steps: z.array(Step).min(1).max(MOST_STEPS),
  on_error: Actions.optional(),
  on_premature_stop: z
    .strictObject({
      action: z.enum(["guide", "block", "warn"]).optional(),
      message,
      condition: Text.optional(),
    })
    .optional(),
  exit_condition: z
    .union([Text, z.strictObject({ when: Text, message })], {
      error: "exit_condition has to be a condition, or a map with when and message",
    })
    .optional(),
});

export type WorkflowFile = z.infer<typeof WorkflowFile>;
export type StepEntry = z.infer<typeof Step>;
export type ActionEntry = z.infer<typeof Action>;
export type ExitConditionEntry = z.infer<typeof ExitCondition>;

/** Names the wrong pattern, where zod would only report that neither form fits. */
function explainAllowed({ input }: { input?: unknown }): string {
  if (!Array.isArray(input)) return 'allowed_tools has to be a list of tool patterns, or "all"';
  for (const entry of input) {
    const result = Pattern.safeParse(entry);
    if (!result.success) return `an entry is not a tool pattern: ${result.error.issues[0]?.message}`;
  }
  return 'allowed_tools has to be a list of tool patterns, or "all"';
}
