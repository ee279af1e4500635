/** The state of a run in its workflow: a fold of its events. */
import type { RunEvent } from "../journal/event.js";
import type { Answer } from "../run/question.js";
import type { Outcome } from "../run/run.js";
import { isWork, patternMatches, serverOf } from "../tools/tool.js";
import { type Action, type Json, READ_ONLY_VARIABLES, type Step, stepNamed, type Workflow } from "./workflow.js";

/** A finished tool call as conditions see it. */
export interface CallFacts {
  readonly tool: string;
  /** Null for a built-in tool. */
  readonly server: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  /** `made` is false for a call of the workflow that was refused. */
  readonly result: { readonly isError: boolean; readonly text: string; readonly made?: boolean };
}

/** A call of the workflow as the variable of its output_as shows it. */
export interface CallOutput {
  readonly text: string;
  readonly is_error: boolean;
  readonly made: boolean;
}

/** A success of a child run, as the call that told the agent of it has recorded it. */
export interface ChildReport {
  readonly agent: string;
  readonly workflow: string | null;
  readonly data: Readonly<Record<string, Json>>;
}

/** An entry that the workflow still has to carry out; `where` is its path in the definition. */
export type Pending =
  | { readonly kind: "enter"; readonly step: string }
  | { readonly kind: "action"; readonly action: Action; readonly about: CallFacts | null; readonly where: string };

export interface ApprovalState extends Pick<Answer, "channel" | "comment"> {
  readonly approved: boolean;
  /** The turn, and the calls made in the step, at the time of the answer: legwork asks again after a denial once they have changed. */
  readonly turn: number;
  readonly stepActions: number;
}

export interface WorkflowState {
  /** Null before the first step is entered. */
  readonly step: string | null;
  readonly variables: Readonly<Record<string, Json>>;
  readonly turn: number;
  /** The step in which the turn began. */
  readonly turnStep: string | null;
  /** Finished calls since the step was entered, also failed ones. */
  readonly stepActions: number;
  readonly totalActions: number;
  /** Qualified names. */
  readonly called: ReadonlySet<string>;
  readonly succeeded: ReadonlySet<string>;
  /** The same since the step was entered. */
  readonly calledInStep: ReadonlySet<string>;
  readonly succeededInStep: ReadonlySet<string>;
  /** The calls begun in the turn, by their index, in each step that the run has been in since it began. */
  readonly begunInTurn: ReadonlyMap<string, ReadonlySet<number>>;
  readonly last: CallFacts | null;
  /** The calls that ended since one was last begun. */
  readonly recent: readonly CallFacts[];
  /** The runs of the agent whose end no answer has reported to it yet. */
  readonly pendingRuns: ReadonlySet<string>;
  /** The runs that the agent has started since the step was entered, and the successes of these that it has learned of. */
  readonly startedInStep: ReadonlySet<string>;
  readonly reports: readonly ChildReport[];
  readonly pending: readonly Pending[];
  /** The last calls of the workflow, by the variable that got their text. */
  readonly outputs: Readonly<Record<string, CallOutput>>;
  /** Transitions since the turn began. */
  readonly chain: number;
  /** Tool calls that the workflow itself has made. */
  readonly ownCalls: number;
  /** The call of the workflow that was begun and has no answer. */
  readonly openCall: Extract<RunEvent, { type: "workflow_call_started" }> | null;
  /** The last answers to the approvals that the exit conditions of the step require, by their path. */
  readonly approvals: ReadonlyMap<string, ApprovalState>;
  /** Paths of conditions that could not be evaluated in this turn. */
  readonly failed: ReadonlySet<string>;
}

const NOTHING_SET = Object.fromEntries(READ_ONLY_VARIABLES.map((name) => [name, null]));

/** The state before the first step; `variables` override the variables of the workflow. */
export function beginWorkflow(workflow: Workflow, variables: Readonly<Record<string, Json>>): WorkflowState {
  const first = workflow.steps[0];
  if (!first) throw new Error(`workflow ${workflow.name} has no steps`);
  return {
    step: null,
    variables: { ...NOTHING_SET, ...workflow.variables, ...variables },
    turn: 0,
    turnStep: null,
    stepActions: 0,
    totalActions: 0,
    called: new Set(),
    succeeded: new Set(),
    calledInStep: new Set(),
    succeededInStep: new Set(),
    begunInTurn: new Map(),
    last: null,
    recent: [],
    pendingRuns: new Set(),
    startedInStep: new Set(),
    reports: [],
    pending: [{ kind: "enter", step: first.name }],
    outputs: {},
    chain: 0,
    ownCalls: 0,
    openCall: null,
    approvals: new Map(),
    failed: new Set(),
  };
}

/** The state after one event; `args` are the arguments of the call of the event, `text` is its whole answer. */
export function workflowAfter(
  workflow: Workflow,
  state: WorkflowState,
  event: RunEvent,
  args: Readonly<Record<string, unknown>> = {},
  text: string | null = null,
): WorkflowState {
  switch (event.type) {
    case "run_created":
      return event.continues === undefined ? state : { ...reopened(state), pendingRuns: new Set() };
    case "run_resumed":
      return event.by === "request" ? reopened(state) : state;
    case "run_finished":
      return afterEnd(state, event.outcome);
    case "turn_started":
      return {
        ...state,
        turn: event.turn,
        turnStep: state.step,
        begunInTurn: new Map(),
        chain: 0,
        failed: new Set(),
      };
    case "tool_call_started":
      return isWork(event.tool) ? withBegun(state, event.index) : state;
    case "child_spawned":
      return {
        ...state,
        pendingRuns: withMember(state.pendingRuns, event.child),
        startedInStep: withMember(state.startedInStep, event.child),
      };
    case "child_reported":
      return afterReport(state, event);
    case "tool_call_finished":
      return isWork(event.tool) ? afterCall(workflow, state, event, args, text ?? event.text) : state;
    case "transition_taken": {
      const from = stepNamed(workflow, event.from);
      const taken = from.transitions[event.transition ?? -1];
      const place = `steps.${from.name}`;
      return {
        ...state,
        chain: state.chain + 1,
        pending: [
          ...state.pending,
          ...queued(from.onExit, `${place}.on_exit`),
          ...queued(taken?.onTransition ?? [], `${place}.transitions.${event.transition}.on_transition`),
          { kind: "enter", step: event.to },
        ],
      };
    }
    case "step_entered": {
      const step = stepNamed(workflow, event.step);
      const place = `steps.${step.name}`;
      return {
        ...state,
        step: step.name,
        stepActions: 0,
        calledInStep: new Set(),
        succeededInStep: new Set(),
        startedInStep: new Set(),
        reports: [],
        approvals: new Map(),
        pending: [
          ...state.pending.slice(event.done),
          ...queued([introduction(step)], place),
          ...queued(step.onEnter, `${place}.on_enter`),
        ],
      };
    }
    case "variable_set":
      return withVariable(afterActions(state, event.done), event.name, event.value, null);
    case "message_injected":
      return afterActions(state, event.done ?? 0);
    case "actions_skipped":
      return afterActions(state, event.done);
    case "workflow_call_started":
      return { ...state, openCall: event };
    case "workflow_call_finished": {
      const { tool, isError, done, outputAs } = event;
      const result = { isError, text: event.output ?? event.text, made: true };
      return withOutput(withCall(afterOwnCall(state, tool, result, done), tool, isError), outputAs, result);
    }
    case "workflow_call_refused": {
      const { tool, reason, done, outputAs } = event;
      const result = { isError: true, text: reason, made: false };
      return withOutput(afterOwnCall(state, tool, result, done), outputAs, result);
    }
    case "question_answered": {
      if (event.about.kind !== "exit") return state;
      const { turn, stepActions } = state;
      const { about, approved, channel, comment } = event;
      const answer = { approved: approved === true, channel, comment, turn, stepActions };
      return { ...state, approvals: new Map([...state.approvals, [about.where, answer]]) };
    }
    case "condition_failed":
      return { ...state, failed: new Set([...state.failed, event.where]) };
    default:
      return state;
  }
}

function queued(actions: readonly Action[], place: string, about: CallFacts | null = null): readonly Pending[] {
  return actions.map((action, index) => ({ kind: "action", action, about, where: `${place}.${index}` }));
}

/** Whether a tool pattern matches one of these tools; only its full name matches a built-in tool. */
export function matchesAny(pattern: string, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => {
    const server = serverOf(name);
    return server === null ? name === pattern : patternMatches(pattern, { name, server });
  });
}

/** A caller continues the run after its end: it counts as not completed. */
function reopened(state: WorkflowState): WorkflowState {
  return { ...state, variables: { ...state.variables, workflow_completed: false, completion_result: null } };
}

/** Removes the end_run action that ended the run, so that a resumed run does not end at it again. */
function afterEnd(state: WorkflowState, { status }: Outcome): WorkflowState {
  const end = state.pending.findIndex((item) => item.kind === "action" && item.action.action === "end_run");
  const isOwn = status === "success" || status === "partial" || status === "blocked"; // the statuses of end_run
  return isOwn && end >= 0 ? { ...state, pending: state.pending.slice(end + 1) } : state;
}

/** The message to an agent that enters a step. */
function introduction({ name, description, instructions, maxCallsPerTurn: most }: Step): Action {
  const suffix = description === null ? "." : `: ${description}`;
  const content = [
    `You are now in step "${name}"${suffix}`,
    ...(most == null ? [] : [`At most ${most === 1 ? "1 tool call" : `${most} tool calls`} in one reply.`]),
    ...(instructions === null ? [] : [instructions]),
  ].join("\n");
  return { action: "inject_message", when: null, content };
}

function afterCall(
  workflow: Workflow,
  state: WorkflowState,
  { tool, isError }: Extract<RunEvent, { type: "tool_call_finished" }>,
  args: Readonly<Record<string, unknown>>,
  text: string,
): WorkflowState {
  const last = { tool, server: serverOf(tool), args, result: { isError, text } };
  return {
    ...withCall(state, tool, isError),
    last,
    recent: [...state.recent, last],
    stepActions: state.stepActions + 1,
    totalActions: state.totalActions + 1,
    pending: isError ? [...state.pending, ...queued(workflow.onError, "on_error", last)] : state.pending,
  };
}

/**
 * A call of the workflow itself counts as called, but not as an action of the agent. The actions behind it in its list are
 * about this call, except those of on_error.
 */
function afterOwnCall(
  state: WorkflowState,
  tool: string,
  result: Required<CallFacts["result"]>,
  done: number,
): WorkflowState {
  const after = { ...afterActions(state, done), ownCalls: state.ownCalls + 1, openCall: null };
  const action = state.pending[done - 1];
  if (action?.kind !== "action" || action.where.startsWith("on_error.")) return after;
  const about = { tool, server: serverOf(tool), args: state.openCall?.arguments ?? {}, result };
  const list = listOf(action.where);
  const pending = after.pending.map((item) =>
    item.kind === "action" && listOf(item.where) === list ? { ...item, about } : item,
  );
  return { ...after, pending };
}

/** The path of the list that an action stands in. */
function listOf(where: string): string {
  return where.slice(0, where.lastIndexOf("."));
}

/** The first call of the turn in a step resets what had ended before it; a call that is made again counts once. */
function withBegun(state: WorkflowState, index: number): WorkflowState {
  const step = state.step ?? "";
  const begun = new Set(state.begunInTurn.get(step)).add(index);
  return { ...state, recent: [], begunInTurn: new Map(state.begunInTurn).set(step, begun) };
}

/** Only a run that was started in the step says something about the step's work. */
function afterReport(
  state: WorkflowState,
  { child, status, agent, workflow = null, data = {} }: Extract<RunEvent, { type: "child_reported" }>,
): WorkflowState {
  const pendingRuns = new Set(state.pendingRuns);
  pendingRuns.delete(child);
  const counts = status === "success" && agent !== undefined && state.startedInStep.has(child);
  return { ...state, pendingRuns, reports: counts ? [...state.reports, { agent, workflow, data }] : state.reports };
}

function withCall(state: WorkflowState, tool: string, isError: boolean): WorkflowState {
  return {
    ...state,
    called: withMember(state.called, tool),
    succeeded: isError ? state.succeeded : withMember(state.succeeded, tool),
    calledInStep: withMember(state.calledInStep, tool),
    succeededInStep: isError ? state.succeededInStep : withMember(state.succeededInStep, tool),
  };
}

function withMember(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  return set.has(member) ? set : new Set([...set, member]);
}

function afterActions(state: WorkflowState, done: number): WorkflowState {
  return done === 0 ? state : { ...state, pending: state.pending.slice(done) };
}

function withOutput(
  state: WorkflowState,
  name: string | null,
  { text, isError, made }: Required<CallFacts["result"]>,
): WorkflowState {
  return name === null ? state : withVariable(state, name, text, { text, is_error: isError, made });
}

/** `output` is the call behind the value, where a call gave it. */
function withVariable(state: WorkflowState, name: string, value: Json, output: CallOutput | null): WorkflowState {
  const { [name]: _, ...others } = state.outputs;
  const outputs = output === null ? others : { ...others, [name]: output };
  return { ...state, variables: { ...state.variables, [name]: value }, outputs };
}
