/** Turns a checked workflow file into the engine's workflow. */
import { toModelWish } from "../../core/run/model-name.js";
import type { Action, ExitCondition, Json, Step, Workflow } from "../../core/workflow/workflow.js";
import type { ActionEntry, ExitConditionEntry, StepEntry, WorkflowFile } from "./workflow-file.js";

const DEFAULT_MAX_REFUSALS = 3;

/** Fills in defaults. `variables` holds the file's variables and every variable that an action sets. */
export function toWorkflow(name: string, file: WorkflowFile): Workflow {
  const { settings = {}, on_premature_stop: stop = {} } = file;
  const workflow: Workflow = {
    name,
    description: file.description ?? null,
    version: file.version === undefined ? null : String(file.version),
    settings: {
      ...toModels(settings),
      allowProviderOverride: settings.allow_provider_override ?? true,
      maxTurns: settings.max_turns ?? null,
      timeoutSeconds: settings.timeout_seconds ?? null,
      maxCostUsd: settings.max_cost_usd ?? null,
      ...(settings.max_tokens !== undefined && { maxTokens: settings.max_tokens }),
      maxDepth: settings.max_depth ?? null,
      outputSchema: settings.output_schema ?? null,
      requiredTools: settings.required_tools ?? [],
      maxRefusals: settings.max_refusals ?? DEFAULT_MAX_REFUSALS,
    },
    variables: file.variables ?? {},
    steps: file.steps.map(toStep),
    onError: (file.on_error ?? []).map(toAction),
    onPrematureStop: {
      action: stop.action ?? "guide",
      message: stop.message ?? null,
      condition: stop.condition ?? null,
    },
    ...toEnd(file.exit_condition),
  };
  return { ...workflow, variables: { ...variablesSetBy(workflow), ...workflow.variables } };
}

function toEnd(condition: WorkflowFile["exit_condition"]): Pick<Workflow, "exitCondition" | "exitMessage"> {
  if (typeof condition !== "object") return { exitCondition: condition ?? null, exitMessage: null };
  return { exitCondition: condition.when, exitMessage: condition.message ?? null };
}

function toStep(step: StepEntry): Step {
  return {
    name: step.name,
    description: step.description ?? null,
    instructions: step.instructions ?? null,
    onEnter: (step.on_enter ?? []).map(toAction),
    allowedTools: step.allowed_tools ?? "all",
    blockedTools: step.blocked_tools ?? [],
    maxCallsPerTurn: step.max_calls_per_turn ?? null,
    rules: (step.rules ?? []).map((rule) => ({ ...rule, when: rule.when ?? null, message: rule.message ?? null })),
    transitions: (step.transitions ?? []).map((transition) => ({
      to: transition.to,
      when: transition.when ?? null,
      message: transition.message ?? null,
      onTransition: (transition.on_transition ?? []).map(toAction),
    })),
    exitConditions: (step.exit_conditions ?? []).map(toExitCondition),
    onExit: (step.on_exit ?? []).map(toAction),
    ...toModels(step),
  };
}

function toModels(entry: Pick<StepEntry, "provider" | "model" | "effort" | "temperature" | "max_output_tokens">) {
  return {
    provider: entry.provider ?? null,
    ...toModelWish(entry.model),
    ...(entry.effort !== undefined && { effort: entry.effort }),
    ...(entry.temperature !== undefined && { temperature: entry.temperature }),
    ...(entry.max_output_tokens !== undefined && { maxOutputTokens: entry.max_output_tokens }),
  };
}

function toAction(entry: ActionEntry): Action {
  const when = entry.when ?? null;
  switch (entry.action) {
    case "inject_message":
      return { action: entry.action, when, content: entry.content };
    case "set_variable":
      return { action: entry.action, when, name: entry.name, value: entry.value };
    case "increment_variable":
      return { action: entry.action, when, name: entry.name, by: entry.by ?? 1 };
    case "call_tool": {
      const { tool, arguments: args = {}, output_as: outputAs = null, on_failure: onFailure = "end" } = entry;
      return { action: entry.action, when, tool, arguments: args, outputAs, onFailure };
    }
    case "end_run":
      return { action: entry.action, when, status: entry.status ?? "success", result: entry.result ?? null };
  }
}

function toExitCondition(entry: ExitConditionEntry): ExitCondition {
  const message = entry.message ?? null;
  switch (entry.type) {
    case "variable_set":
      return { type: entry.type, variable: entry.variable, message };
    case "expression":
      return { type: entry.type, when: entry.when, message };
    case "tool_succeeded":
      return { type: entry.type, tool: entry.tool, inStep: entry.in_step ?? false, message };
    case "action_count":
      return { type: entry.type, minCount: entry.min_count, message };
    case "user_approval": {
      const { prompt = null, timeout_seconds: timeoutSeconds = null } = entry;
      return { type: entry.type, prompt, timeoutSeconds, message };
    }
  }
}

/** Variables that actions set start as null, and counters as 0, so that every condition can be evaluated from the start. */
function variablesSetBy(workflow: Workflow): Readonly<Record<string, Json>> {
  const variables: Record<string, Json> = {};
  for (const action of actionsOf(workflow)) {
    if (action.action === "set_variable") variables[action.name] ??= null;
    if (action.action === "increment_variable") variables[action.name] = 0;
    if (action.action === "call_tool" && action.outputAs !== null) variables[action.outputAs] ??= null;
  }
  return variables;
}

function actionsOf({ steps, onError }: Workflow): readonly Action[] {
  const ofSteps = steps.flatMap((step) => [
    ...step.onEnter,
    ...step.onExit,
    ...step.transitions.flatMap(({ onTransition }) => onTransition),
  ]);
  return [...onError, ...ofSteps];
}
