/**
 * A workflow: the steps that an agent follows, the tools that each step allows, and the actions between them. Runs keep it as
 * it was: optional fields are those that an older legwork did not write.
 */

import type { ModelSettings } from "../run/model-settings.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Workflow {
  readonly name: string;
  readonly description: string | null;
  readonly version: string | null;
  readonly settings: WorkflowSettings;
  readonly variables: Readonly<Record<string, Json>>;
  /** At least one step; a run begins in the first. */
  readonly steps: readonly Step[];
  /** Carried out after each tool call that ended in an error. */
  readonly onError: readonly Action[];
  readonly onPrematureStop: PrematureStop;
  /** The condition for a success; where it is null, the run must be in a step that is an end. */
  readonly exitCondition: string | null;
  /** The agent reads it while the exit condition does not hold; null: the condition itself. */
  readonly exitMessage?: string | null;
}

export interface WorkflowSettings extends Partial<ModelSettings> {
  readonly provider: string | null;
  readonly model: string | null;
  readonly fallbackModels?: readonly string[];
  /** Whether a caller may name another provider or model than the workflow does. */
  readonly allowProviderOverride: boolean;
  readonly maxTurns: number | null;
  readonly timeoutSeconds: number | null;
  readonly maxCostUsd: number | null;
  readonly maxTokens?: number | null;
  /** The depth to which its agents may start others; more than 1 also says that the workflow requires this. */
  readonly maxDepth: number | null;
  readonly outputSchema: object | boolean | null;
  /** Tools that must have answered without error before a success. */
  readonly requiredTools: readonly string[];
  /** Refusals of `complete` before the run ends as blocked. */
  readonly maxRefusals: number;
}

export interface Step extends Partial<ModelSettings> {
  readonly name: string;
  readonly description: string | null;
  /** Instructions to the agent in this step. */
  readonly instructions: string | null;
  readonly onEnter: readonly Action[];
  readonly allowedTools: "all" | readonly string[];
  /** Patterns that win over `allowedTools`. */
  readonly blockedTools: readonly string[];
  /** Calls that the agent may make in the step in one turn; null: any number. */
  readonly maxCallsPerTurn?: number | null;
  readonly rules: readonly Rule[];
  readonly transitions: readonly Transition[];
  /** All must hold before the run leaves the step. */
  readonly exitConditions: readonly ExitCondition[];
  readonly onExit: readonly Action[];
  readonly provider: string | null;
  readonly model: string | null;
  readonly fallbackModels?: readonly string[];
}

export interface Rule {
  readonly name: string;
  /** Null: always. */
  readonly when: string | null;
  readonly action: "block" | "allow" | "warn" | "require_approval";
  readonly message: string | null;
}

export interface Transition {
  readonly to: string;
  /** Null: as soon as the run may leave the step. */
  readonly when: string | null;
  /** An agent reads it that asks for the step while `when` does not hold; null: the condition itself. */
  readonly message?: string | null;
  readonly onTransition: readonly Action[];
}

/** The agent reads `message` while it does not hold; null: legwork's own words. */
export type ExitCondition = { readonly message?: string | null } & (
  | { readonly type: "variable_set"; readonly variable: string }
  | { readonly type: "expression"; readonly when: string }
  /** `inStep`: since the step was entered, else in the whole run. */
  | { readonly type: "tool_succeeded"; readonly tool: string; readonly inStep?: boolean }
  | { readonly type: "action_count"; readonly minCount: number }
  | { readonly type: "user_approval"; readonly prompt: string | null; readonly timeoutSeconds: number | null }
);

/** Where `when` is null, the action is always carried out. Texts may contain `{{ variable }}`. */
export type Action = { readonly when: string | null } & (
  | { readonly action: "inject_message"; readonly content: string }
  | { readonly action: "set_variable"; readonly name: string; readonly value: Json }
  | { readonly action: "increment_variable"; readonly name: string; readonly by: number }
  | {
      readonly action: "call_tool";
      readonly tool: string;
      readonly arguments: Readonly<Record<string, Json>>;
      /** The variable that receives the text of the answer. */
      readonly outputAs: string | null;
      /** end: a call that was refused or failed ends the run as blocked. Absent in runs that an older legwork began: continue. */
      readonly onFailure?: "end" | "continue";
    }
  | { readonly action: "end_run"; readonly status: "success" | "partial" | "blocked"; readonly result: string | null }
);

export interface PrematureStop {
  /** guide: send `message` and continue, a few times. block: end the run as blocked. warn: accept the answer. */
  readonly action: "guide" | "block" | "warn";
  readonly message: string | null;
  /** While it holds, an answer without calls is premature; null: always. */
  readonly condition: string | null;
}

export function stepNamed(workflow: Workflow, name: string): Step {
  const step = workflow.steps.find((candidate) => candidate.name === name);
  if (!step) throw new Error(`workflow ${workflow.name} has no step "${name}"`);
  return step;
}

/**
 * Whether a run may end in a step: the step has no transitions, and it is the last or a transition leads to the next one.
 * So a workflow without transitions ends in its last step, and a workflow with branches at the end of each branch.
 */
export function isEnd({ steps }: Workflow, step: Step): boolean {
  if (step.transitions.length > 0) return false;
  const next = steps[steps.indexOf(step) + 1];
  return next === undefined || steps.some(({ transitions }) => transitions.some(({ to }) => to === next.name));
}

/** Variables that legwork itself sets; a workflow may read them and must not declare them. */
export const READ_ONLY_VARIABLES: readonly string[] = [
  "agent_depth",
  "max_agent_depth",
  "can_spawn",
  "parent_session_id",
  "workflow_completed",
  "completion_result",
];
