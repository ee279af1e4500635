/** Ways out: the conditions for leaving a step and for ending in success, and the approval that alone is missing. */
import type { RunEvent } from "../journal/event.js";
import { denialText, type QuestionDraft } from "../run/question.js";
import { type EngineContext, factsOf, type Judged, judge } from "./facts.js";
import { fillTemplate } from "./template.js";
import { type ExitCondition, isEnd, type Step, stepNamed, type Workflow } from "./workflow.js";
import { matchesAny, type WorkflowState } from "./workflow-state.js";

/** The exit conditions of the step that do not hold, in words; an error in a condition counts as false. */
export function unmetExits(step: Step, state: WorkflowState, engineContext: EngineContext): readonly string[] {
  return step.exitConditions.flatMap(
    (condition, index) => unmetExit(condition, exitPlace(step, index), state, engineContext) ?? [],
  );
}

/**
 * The question for the approval that alone keeps the run in the step. Null where other conditions do not hold. Null also
 * after a denial, until a new turn begins or, where `unasked`, until a further call in the step has ended.
 */
export function approvalDue(
  step: Step,
  state: WorkflowState,
  engineContext: EngineContext,
  { unasked }: { readonly unasked: boolean },
): QuestionDraft | null {
  for (const [index, condition] of step.exitConditions.entries()) {
    const isMet = unmetExit(condition, exitPlace(step, index), state, engineContext) === null;
    if (!isMet && condition.type !== "user_approval") return null;
  }
  for (const [index, condition] of step.exitConditions.entries()) {
    if (condition.type !== "user_approval") continue;
    const where = exitPlace(step, index);
    const last = state.approvals.get(where);
    if (last?.approved) continue;
    if (last && (unasked ? last.stepActions === state.stepActions : last.turn === state.turn)) return null;
    const text = condition.prompt === null ? null : fillTemplate(condition.prompt, state.variables);
    return {
      text: text ?? `May the run leave step "${step.name}"?`,
      options: null,
      about: { kind: "exit", where, step: step.name },
      withinSeconds: condition.timeoutSeconds,
    };
  }
  return null;
}

/**
 * The question for the approval that alone keeps the agent from its wish: `refuses` says whether the wish is refused in a
 * state.
 */
export function approvalFor(
  step: Step,
  state: WorkflowState,
  engineContext: EngineContext,
  refuses: (state: WorkflowState) => boolean,
): QuestionDraft | null {
  const { turn, stepActions } = state;
  const approved = { approved: true, channel: "nobody", comment: null, turn, stepActions } as const;
  const places = step.exitConditions.flatMap(({ type }, index) =>
    type === "user_approval" ? exitPlace(step, index) : [],
  );
  const ifApproved = { ...state, approvals: new Map(places.map((where) => [where, approved])) };
  return refuses(ifApproved) ? null : approvalDue(step, state, engineContext, { unasked: false });
}

function exitPlace({ name }: Step, index: number): string {
  return `steps.${name}.exit_conditions.${index}`;
}

/** The reasons why the run may not end in success now; empty when it may. */
export function unmetForSuccess(
  workflow: Workflow,
  state: WorkflowState,
  engineContext: EngineContext,
): readonly string[] {
  const step = stepNamed(workflow, state.step ?? workflow.steps[0]?.name ?? "");
  const missing = workflow.settings.requiredTools.filter((pattern) => !matchesAny(pattern, state.succeeded));
  return [
    ...unmetExits(step, state, engineContext),
    ...missing.map((pattern) => `the tool ${pattern} has not run successfully`),
    ...unmetEnd(workflow, step, state, engineContext),
  ];
}

/** Events about the exit conditions of the step and of the workflow that cannot be evaluated; each once a turn. */
export function failuresForSuccess(
  workflow: Workflow,
  state: WorkflowState,
  engineContext: EngineContext,
): readonly RunEvent[] {
  const step = stepNamed(workflow, state.step ?? workflow.steps[0]?.name ?? "");
  const judged = judge(workflow.exitCondition, "exit_condition", state, state.last, engineContext);
  return [...exitFailures(step, state, engineContext), ...failuresOf(judged)];
}

/** Events about the exit conditions of the step that cannot be evaluated; each once a turn. */
export function exitFailures(step: Step, state: WorkflowState, engineContext: EngineContext): readonly RunEvent[] {
  return step.exitConditions.flatMap((condition, index) => {
    if (condition.type !== "expression") return [];
    return failuresOf(judge(condition.when, exitPlace(step, index), state, state.last, engineContext));
  });
}

/** Why an exit condition does not hold, in the words of the workflow where it has any; else null. */
function unmetExit(
  condition: ExitCondition,
  where: string,
  state: WorkflowState,
  engineContext: EngineContext,
): string | null {
  const reason = reasonAgainst(condition, where, state, engineContext);
  return reason === null || condition.message == null ? reason : fillTemplate(condition.message, state.variables);
}

function reasonAgainst(
  condition: ExitCondition,
  where: string,
  state: WorkflowState,
  engineContext: EngineContext,
): string | null {
  switch (condition.type) {
    case "variable_set": {
      const value = state.variables[condition.variable];
      return value === undefined || value === null ? `the variable ${condition.variable} is not set` : null;
    }
    case "expression":
      return whyNot(condition.when, state, engineContext);
    case "tool_succeeded": {
      const { tool, inStep = false } = condition;
      if (matchesAny(tool, inStep ? state.succeededInStep : state.succeeded)) return null;
      return `the tool ${tool} has not run successfully${inStep ? " in this step" : ""}`;
    }
    case "action_count": {
      const { minCount } = condition;
      return state.stepActions >= minCount ? null : `${state.stepActions} of ${minCount} tool calls are made`;
    }
    case "user_approval": {
      const last = state.approvals.get(where);
      if (last?.approved) return null;
      return last ? denialText(last) : "it needs a person's approval";
    }
  }
}

function unmetEnd(
  workflow: Workflow,
  step: Step,
  state: WorkflowState,
  engineContext: EngineContext,
): readonly string[] {
  const { exitCondition, exitMessage = null } = workflow;
  if (exitCondition !== null) {
    const reason = whyNot(exitCondition, state, engineContext);
    if (reason === null) return [];
    return [exitMessage === null ? `the exit condition ${reason}` : fillTemplate(exitMessage, state.variables)];
  }
  return isEnd(workflow, step) ? [] : [`step "${step.name}" is not the last`];
}

/** Why a condition does not hold, in words, or null. */
function whyNot(when: string, state: WorkflowState, { evaluate, run }: EngineContext): string | null {
  const verdict = evaluate(when, factsOf(state, state.last, run));
  if (verdict.kind === "failed") return `${when} cannot be evaluated: ${verdict.error}`;
  return verdict.kind === "true" ? null : `${when} does not hold`;
}

function failuresOf(judged: Judged): readonly RunEvent[] {
  return judged.kind === "failed" ? [judged.failure] : [];
}
