/** The workflow engine: the next effect of a workflow in a state. Pure; the runner carries out each effect and asks again. */
import type { RunEvent } from "../run/event.js";
import { denialText, type QuestionDraft } from "../run/question.js";
import { fillTemplate, fillTemplates } from "./template.js";
import { type ExitCondition, isEnd, type Json, type Step, stepNamed, type Workflow } from "./workflow.js";
import { type CallFacts, matchesAny, type Pending, type WorkflowState } from "./workflow-state.js";

const LONGEST_CHAIN = 10; // transitions in one turn; more are a loop

/** The facts that conditions can refer to. */
export interface Facts {
  readonly tool: string | null;
  readonly server: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  readonly tool_result: { readonly is_error: boolean; readonly text: string } | null;
  readonly step: string;
  readonly step_action_count: number;
  readonly total_action_count: number;
  readonly turn: number;
  readonly variables: Readonly<Record<string, Json>>;
  readonly run: RunFacts;
  readonly called: ReadonlySet<string>;
  readonly succeeded: ReadonlySet<string>;
}

export interface RunFacts {
  readonly id: string;
  readonly depth: number;
  readonly agent: string;
  readonly model: string;
}

export type Verdict =
  | { readonly kind: "true" | "false" }
  /** The condition cannot be evaluated. */
  | { readonly kind: "failed"; readonly error: string };

/** The run, and the evaluation of conditions. */
export interface EngineContext {
  readonly run: RunFacts;
  /** Evaluates a condition. Never throws. */
  evaluate(condition: string, facts: Facts): Verdict;
}

/** `done` is the number of pending entries that the effect completes. */
export type Effect =
  | { readonly kind: "record"; readonly event: RunEvent }
  | {
      readonly kind: "call_tool";
      readonly tool: string;
      readonly arguments: Readonly<Record<string, Json>>;
      readonly outputAs: string | null;
      readonly done: number;
    }
  | { readonly kind: "ask"; readonly draft: QuestionDraft }
  | {
      readonly kind: "end_run";
      readonly status: "success" | "partial" | "blocked";
      readonly result: string | null;
      readonly done: number;
    };

/** The next effect: pending actions in their order, then a transition; null when it is the turn of the agent. */
export function nextEffect(workflow: Workflow, state: WorkflowState, engineContext: EngineContext): Effect | null {
  for (const [index, item] of state.pending.entries()) {
    const done = index + 1;
    if (item.kind === "enter") return record({ type: "step_entered", step: item.step, done });
    const judged = judge(item.action.when, item.where, state, item.about ?? state.last, engineContext);
    if (judged.kind === "failed") return record(judged.failure);
    if (judged.kind === "true") return effectOf(item, state, done);
  }
  if (state.pending.length > 0) return record({ type: "actions_skipped", done: state.pending.length });
  return state.step === null ? null : nextTransition(stepNamed(workflow, state.step), state, engineContext);
}

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
function approvalDue(
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

/**
 * Why the agent may not go to the step that it asked for, or null. Where transitions lead there, the condition of one must
 * hold; otherwise the agent may go back to any step, and forward one step at a time.
 */
export function requestRefusal(
  workflow: Workflow,
  state: WorkflowState,
  to: string,
  engineContext: EngineContext,
): string | null {
  if (state.step === null) return "the run has not begun its first step";
  const names = workflow.steps.map(({ name }) => name);
  const step = stepNamed(workflow, state.step);
  const [here, there] = [names.indexOf(step.name), names.indexOf(to)];
  if (there < 0) return `there is no step "${to}": the steps are ${names.join(", ")}`;
  if (there === here) return `the run is in step "${to}" already`;
  const conditions = step.transitions.filter((transition) => transition.to === to).map(({ when }) => when);
  const isForbidden = conditions.length > 0 && conditions.every((when) => whyNot(when, state, engineContext) !== null);
  if (isForbidden) return `step "${to}" is entered by itself once ${conditions.join(" or ")}`;
  if (conditions.length === 0 && there > here + 1)
    return `step "${to}" comes after "${names[here + 1]}", which may not be skipped`;
  const unmet = unmetExits(step, state, engineContext);
  return unmet.length === 0 ? null : `step "${step.name}" may not be left yet: ${unmet.join("; ")}`;
}

/** The facts for a condition about the call `about`. */
export function factsOf(state: WorkflowState, about: CallFacts | null, run: RunFacts): Facts {
  return {
    tool: about?.tool ?? null,
    server: about?.server ?? null,
    args: about?.args ?? {},
    tool_result: about ? { is_error: about.result.isError, text: about.result.text } : null,
    step: state.step ?? "",
    step_action_count: state.stepActions,
    total_action_count: state.totalActions,
    turn: state.turn,
    variables: state.variables,
    run,
    called: state.called,
    succeeded: state.succeeded,
  };
}

function record(event: RunEvent): Effect {
  return { kind: "record", event };
}

type Judged =
  | { readonly kind: "true" | "false" }
  /** Has an event to record first, once; afterwards the condition counts as false. */
  | { readonly kind: "failed"; readonly failure: RunEvent };

function judge(
  when: string | null,
  where: string,
  state: WorkflowState,
  about: CallFacts | null,
  { evaluate, run }: EngineContext,
): Judged {
  if (when === null) return { kind: "true" };
  if (state.failed.has(where)) return { kind: "false" };
  const verdict = evaluate(when, factsOf(state, about, run));
  if (verdict.kind !== "failed") return verdict;
  return { kind: "failed", failure: { type: "condition_failed", where, condition: when, error: verdict.error } };
}

function failuresOf(judged: Judged): readonly RunEvent[] {
  return judged.kind === "failed" ? [judged.failure] : [];
}

function effectOf({ action }: Extract<Pending, { kind: "action" }>, state: WorkflowState, done: number): Effect {
  const { variables } = state;
  switch (action.action) {
    case "inject_message":
      return record({ type: "message_injected", text: fillTemplate(action.content, variables), done });
    case "set_variable":
      return record({ type: "variable_set", name: action.name, value: fillTemplates(action.value, variables), done });
    case "increment_variable": {
      const before = variables[action.name];
      const value = (typeof before === "number" ? before : 0) + action.by;
      return record({ type: "variable_set", name: action.name, value, done });
    }
    case "call_tool": {
      const args = fillTemplates(action.arguments, variables) as Readonly<Record<string, Json>>;
      return { kind: "call_tool", tool: action.tool, arguments: args, outputAs: action.outputAs, done };
    }
    case "end_run": {
      const result = action.result === null ? null : fillTemplate(action.result, variables);
      return { kind: "end_run", status: action.status, result, done };
    }
  }
}

function nextTransition(step: Step, state: WorkflowState, engineContext: EngineContext): Effect | null {
  for (const [index, { to, when }] of step.transitions.entries()) {
    const judged = judge(when, `steps.${step.name}.transitions.${index}`, state, state.last, engineContext);
    if (judged.kind === "failed") return record(judged.failure);
    if (judged.kind === "false") continue;
    const [failure] = exitFailures(step, state, engineContext);
    if (failure) return record(failure);
    const draft = approvalDue(step, state, engineContext, { unasked: true });
    if (draft) return { kind: "ask", draft };
    if (unmetExits(step, state, engineContext).length > 0) continue;
    if (state.chain >= LONGEST_CHAIN) return cutChain(step, state);
    return record({ type: "transition_taken", from: step.name, to, transition: index });
  }
  return null;
}

function cutChain(step: Step, state: WorkflowState): Effect | null {
  const where = `steps.${step.name}.transitions`;
  if (state.failed.has(where)) return null;
  const error = `${LONGEST_CHAIN} transitions in one turn are the most`;
  return record({ type: "condition_failed", where, condition: null, error });
}

function unmetExit(
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
    case "tool_succeeded":
      return matchesAny(condition.tool, state.succeeded) ? null : `the tool ${condition.tool} has not run successfully`;
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
  const { exitCondition } = workflow;
  if (exitCondition !== null) {
    const reason = whyNot(exitCondition, state, engineContext);
    return reason === null ? [] : [`the exit condition ${reason}`];
  }
  return isEnd(workflow, step) ? [] : [`step "${step.name}" is not the last`];
}

/** Why a condition does not hold, in words, or null. */
function whyNot(when: string | null, state: WorkflowState, { evaluate, run }: EngineContext): string | null {
  if (when === null) return null;
  const verdict = evaluate(when, factsOf(state, state.last, run));
  if (verdict.kind === "failed") return `${when} cannot be evaluated: ${verdict.error}`;
  return verdict.kind === "true" ? null : `${when} does not hold`;
}
