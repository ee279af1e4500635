/** The workflow engine: the next effect of a workflow in a state. Pure; the runner carries out each effect and asks again. */
import type { RunEvent } from "../journal/event.js";
import type { QuestionDraft } from "../run/question.js";
import { approvalDue, exitFailures, unmetExits } from "./exits.js";
import { type EngineContext, factsOf, judge } from "./facts.js";
import { fillTemplate, fillTemplates } from "./template.js";
import { type Json, type Step, stepNamed, type Transition, type Workflow } from "./workflow.js";
import type { CallFacts, Pending, WorkflowState } from "./workflow-state.js";

const LONGEST_CHAIN = 10; // transitions in one turn; more are a loop

/** `done` is the number of pending entries that the effect completes. */
export type Effect =
  | { readonly kind: "record"; readonly event: RunEvent }
  | {
      readonly kind: "call_tool";
      readonly tool: string;
      readonly arguments: Readonly<Record<string, Json>>;
      readonly outputAs: string | null;
      readonly onFailure: "end" | "continue";
      /** The path of the action in the definition. */
      readonly where: string;
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
  const ways = step.transitions.filter((transition) => transition.to === to);
  const isForbidden = ways.length > 0 && !ways.some(({ when }) => holdsNow(when, state, engineContext));
  if (isForbidden) {
    const words = new Set(ways.map((way) => inWords(way, state)));
    return `step "${to}" is entered by itself once ${[...words].join(" or ")}`;
  }
  if (ways.length === 0 && there > here + 1)
    return `step "${to}" comes after "${names[here + 1]}", which may not be skipped`;
  const unmet = unmetExits(step, state, engineContext);
  return unmet.length === 0 ? null : `step "${step.name}" may not be left yet: ${unmet.join("; ")}`;
}

/** Whether a condition holds for one of the calls that ended last. */
function holdsNow(when: string | null, state: WorkflowState, { evaluate, run }: EngineContext): boolean {
  return when === null || lastCalls(state).some((about) => evaluate(when, factsOf(state, about, run)).kind === "true");
}

function inWords({ when, message }: Transition, { variables }: WorkflowState): string | null {
  return message == null ? when : fillTemplate(message, variables);
}

/** The calls that ended together last: transitions are judged on each of them. */
function lastCalls({ recent, last }: WorkflowState): readonly (CallFacts | null)[] {
  return recent.length > 0 ? recent : [last];
}

function record(event: RunEvent): Effect {
  return { kind: "record", event };
}

function effectOf({ action, where }: Extract<Pending, { kind: "action" }>, state: WorkflowState, done: number): Effect {
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
      const { tool, outputAs, onFailure = "continue" } = action;
      return { kind: "call_tool", tool, arguments: args, outputAs, onFailure, where, done };
    }
    case "end_run": {
      const result = action.result === null ? null : fillTemplate(action.result, variables);
      return { kind: "end_run", status: action.status, result, done };
    }
  }
}

/** The first transition that holds for the first of the calls that ended last, else for the next of them. */
function nextTransition(step: Step, state: WorkflowState, engineContext: EngineContext): Effect | null {
  for (const about of lastCalls(state)) {
    const effect = transitionAfter(about, step, state, engineContext);
    if (effect) return effect;
  }
  return null;
}

function transitionAfter(
  about: CallFacts | null,
  step: Step,
  state: WorkflowState,
  engineContext: EngineContext,
): Effect | null {
  for (const [index, { to, when }] of step.transitions.entries()) {
    const judged = judge(when, `steps.${step.name}.transitions.${index}`, state, about, engineContext);
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
