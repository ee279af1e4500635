/** Leads a run through its workflow: carries out the effects that the engine names, until it is the agent's turn. */

import { PROCESS_DIED } from "../../core/journal/event.js";
import { workflowResultId } from "../../core/journal/result-id.js";
import type { Commit } from "../../core/ports/run-store.js";
import type { ToolCall } from "../../core/run/message.js";
import type { QuestionDraft } from "../../core/run/question.js";
import type { Outcome } from "../../core/run/run.js";
import { type Effect, nextEffect, requestRefusal } from "../../core/workflow/engine.js";
import { approvalFor, exitFailures, failuresForSuccess, unmetForSuccess } from "../../core/workflow/exits.js";
import { stepNamed } from "../../core/workflow/workflow.js";
import type { WorkflowState } from "../../core/workflow/workflow-state.js";
import { cutTo } from "../../lib/text.js";
import { deadlyText, isDeadlyHere } from "../calls/deadly-calls.js";
import { mayRepeat, settleInDoubtCall, stopFor } from "../calls/in-doubt-calls.js";
import { judgeCall } from "../calls/judge-call.js";
import { type MadeCall, makeCall } from "../calls/make-call.js";
import { permission } from "../calls/permission.js";
import { endWith, type LoopResult, STOPPED, waitWith } from "../state/loop-result.js";
import {
  type CallDeps,
  type CallHooks,
  type IndexedCall,
  type RunContext,
  withToolSet,
} from "../state/turn-context.js";
import { REQUEST_STEP } from "../tools/built-in-tools.js";

const LONGEST_OUTPUT = 1_000_000; // characters; conditions read no longer text either
const SHOWN_REASON = 1_000; // characters; the event has it whole

/** Yields commits. Returns the end or the question that the workflow decides, else null. */
export async function* advanceWorkflow(context: RunContext, deps: CallDeps): AsyncGenerator<Commit, LoopResult | null> {
  const { state, signal, request, engineContext } = context;
  const unsettled = settleOpenCall(context, deps);
  if (unsettled) return unsettled;
  for (;;) {
    if (signal.aborted) return STOPPED;
    if (request.workflow === null || state.workflow === null) return null;
    const effect = nextEffect(request.workflow, state.workflow, engineContext);
    if (effect === null) return null;
    if (effect.kind === "ask") return waitWith(effect.draft);
    if (effect.kind === "end_run") return endWith(endedByWorkflow(effect, context));
    if (effect.kind === "record") state.record(effect.event);
    else {
      const result = yield* callForWorkflow(effect, context, deps);
      if (result) return result;
    }
  }
}

/** Advances after the calls of a turn: first the workflow's own transitions, then the step that the agent requested. */
export async function* advanceTurn(
  calls: readonly IndexedCall[],
  context: RunContext,
  deps: CallDeps,
): AsyncGenerator<Commit, LoopResult | null> {
  const before = context.state.workflow?.turnStep ?? null;
  const result = yield* advanceWorkflow(context, deps);
  if (result) return result;
  const draft = takeStepRequests(calls, before, context);
  if (draft) return waitWith(draft);
  return yield* advanceWorkflow(context, deps);
}

type Standing = Pick<RunContext, "request" | "state" | "engineContext">;

/** Why the workflow does not let the run end in success now; records the conditions that cannot be evaluated. */
export function unmetIn({ request, state, engineContext }: Standing): readonly string[] {
  if (request.workflow === null || state.workflow === null) return [];
  const unmet = unmetForSuccess(request.workflow, state.workflow, engineContext);
  for (const failure of failuresForSuccess(request.workflow, state.workflow, engineContext)) state.record(failure);
  return unmet;
}

/** The approval that alone stands between the run and its success; null where there is none. */
export function approvalForSuccess({ request, state, engineContext }: Standing): QuestionDraft | null {
  const { workflow } = request;
  const position = state.workflow;
  if (workflow === null || position === null || position.step === null) return null;
  const isUnmet = (then: WorkflowState) => unmetForSuccess(workflow, then, engineContext).length > 0;
  return approvalFor(stepNamed(workflow, position.step), position, engineContext, isUnmet);
}

/**
 * Judges the agent's requests to leave the step that the turn began in; only the first of a turn counts.
 * Returns the approval that has to be asked for first, else null.
 */
function takeStepRequests(
  calls: readonly IndexedCall[],
  before: string | null,
  context: RunContext,
): QuestionDraft | null {
  const { state } = context;
  const requests = calls.filter(({ call }) => call.name === REQUEST_STEP);
  for (const [position, indexed] of requests.entries()) {
    if (state.history.answers[indexed.index] !== undefined) continue;
    const draft = takeStepRequest(indexed, before, position === 0, context);
    if (draft) return draft;
  }
  return null;
}

function takeStepRequest(
  { call, index }: IndexedCall,
  before: string | null,
  isFirst: boolean,
  { state, request, engineContext }: RunContext,
): QuestionDraft | null {
  const { turn } = state.history;
  const to = String(call.arguments.to);
  const { workflow } = state;
  const definition = request.workflow;
  const from = workflow?.step ?? null;
  const place = { turn, index, tool: REQUEST_STEP } as const;
  const refuse = (reason: string) => {
    state.record({ type: "tool_call_refused", ...place, reason: `${REQUEST_STEP} was refused: ${reason}` });
    return null;
  };
  const agree = (text: string) => {
    state.record({ type: "tool_call_finished", ...place, isError: false, text, milliseconds: 0 });
    return null;
  };
  if (definition === null || workflow === null || from === null) return refuse("this run has no steps");
  if (!isFirst) return refuse("it may be called once in a turn");
  if (from !== before && from === to) return agree(`The run is in step "${to}" already.`);
  if (from !== before) return refuse(`the workflow has moved the run to step "${from}"`);
  const reason = requestRefusal(definition, workflow, to, engineContext);
  const isRefused = (then: WorkflowState) => requestRefusal(definition, then, to, engineContext) !== null;
  const step = stepNamed(definition, from);
  const draft = reason === null ? null : approvalFor(step, workflow, engineContext, isRefused);
  if (draft) return draft;
  for (const failure of exitFailures(step, workflow, engineContext)) state.record(failure);
  if (reason !== null) return refuse(reason);
  agree(`The run moves to step "${to}".`);
  state.record({ type: "transition_taken", from, to, transition: null });
  return null;
}

type OwnCall = Extract<Effect, { kind: "call_tool" }>;

/**
 * Makes or refuses a call of the workflow itself; returns the approval that it needs first, or the end that its failure leads
 * to. A failure that ends the run completes nothing: a run that is resumed makes the call again.
 */
async function* callForWorkflow(
  ownCall: OwnCall,
  runContext: RunContext,
  deps: CallDeps,
): AsyncGenerator<Commit, LoopResult | null> {
  const { tool: name, arguments: args, outputAs } = ownCall;
  const doneIf = (isError: boolean) => (isError && ownCall.onFailure === "end" ? 0 : ownCall.done);
  const context = withToolSet(runContext); // of the step that the run is in now
  const { state, signal } = context;
  const number = (state.workflow?.ownCalls ?? 0) + 1;
  const call: ToolCall = { id: null, name, arguments: args };
  const refuse = (reason: string, code?: typeof PROCESS_DIED) => {
    const place = { call: number, tool: name, reason, outputAs, done: doneIf(true) } as const;
    state.record({ type: "workflow_call_refused", ...place, ...(code === undefined ? {} : { code }) });
    return endAfter(ownCall, reason);
  };
  if (isDeadlyHere(context)) return refuse(deadlyText(name), PROCESS_DIED);
  const verdict = await judgeCall(call, context, deps);
  for (const failure of verdict.failures) state.record(failure);
  if (verdict.kind === "refused") return refuse(verdict.reason);
  const about = { kind: "workflow_call", call: number, tool: name, arguments: args } as const;
  const permitted = permission(verdict.approval, about, state.history);
  if (permitted.kind === "denied") return refuse(permitted.reason);
  const { tool, warnings } = verdict;
  if (tool === null) return refuse(`${name} is a tool for agents`);
  if (permitted.kind === "asks") return waitWith(permitted.draft);
  const { turn } = state.history;
  for (const rule of warnings) state.record({ type: "rule_warned", turn, index: null, tool: name, rule });
  state.record({ type: "workflow_call_started", call: number, tool: name, arguments: args, effect: tool.effect });
  yield state.flush();
  if (signal.aborted) return STOPPED;
  const made = await makeCall({ call, index: 0, tool, id: workflowResultId(number) }, SILENT, context, deps);
  if (made === null) return STOPPED;
  const answer = { ...made.answer, ...outputOf(made, outputAs) };
  const done = doneIf(answer.isError);
  state.record({ type: "workflow_call_finished", call: number, tool: name, ...answer, outputAs, done }, made.blobs);
  return answer.isError ? endAfter(ownCall, answer.text) : null;
}

/** The end of the run after a call of the workflow that was refused or failed; null where the workflow goes on. */
function endAfter({ tool, where, onFailure }: OwnCall, reason: string): LoopResult | null {
  if (onFailure === "continue") return null;
  const message = `the workflow cannot go on: its call of ${tool} (${where}) failed: ${cutTo(reason, SHOWN_REASON)}`;
  return endWith({ status: "blocked", result: null, error: { code: "workflow_call_failed", message } });
}

/** The value of the variable, where the answer does not hold it as it is. A part of a text is no value: the call has failed. */
function outputOf({ answer, text }: MadeCall, outputAs: string | null) {
  if (outputAs === null || answer.text === text) return {};
  if (text.length <= LONGEST_OUTPUT) return { output: text };
  const reason = `its answer has ${text.length} characters, and a variable (${outputAs}) holds at most ${LONGEST_OUTPUT}`;
  return { isError: true, code: "output_too_large", text: reason };
}

/** Settles the call that the workflow was making when its process went away: repeated, asked about, or failed. */
function settleOpenCall(context: RunContext, deps: CallDeps): LoopResult | null {
  const { state, request, engineContext } = context;
  const { workflow: position } = state;
  if (request.workflow === null || position === null || position.openCall === null) return null;
  const { tool, effect, arguments: args } = position.openCall;
  const turn = withToolSet(context);
  if (mayRepeat({ tool, effect }, turn)) return null;
  const call = position.ownCalls + 1;
  const about = { kind: "in_doubt_workflow_call", call, tool, arguments: args } as const;
  const settled = settleInDoubtCall(about, turn, deps);
  if (settled.kind === "wait") return waitWith(settled.draft);
  if (settled.kind === "repeat") return null;
  const due = nextEffect(request.workflow, position, engineContext);
  if (due?.kind !== "call_tool") throw new Error(`the workflow does not repeat its open call of ${tool} next`);
  const { outputAs, done } = due; // also where the call may have failed: on_unknown decides, and it is not made again
  state.record({ type: "workflow_call_finished", call, tool, ...settled.answer, outputAs, done });
  state.record({ type: "message_injected", text: `A call of the workflow itself: ${settled.answer.text}` });
  return stopFor(tool, deps);
}

const SILENT: CallHooks = {
  onProgress: () => {},
  onFact: () => {},
  sample: async () => {
    throw new Error("a call of the workflow itself cannot ask the model");
  },
};

function endedByWorkflow({ status, result }: Extract<Effect, { kind: "end_run" }>, context: RunContext): Outcome {
  const unmet = status === "success" ? unmetIn(context) : [];
  if (unmet.length === 0) return { status, result };
  const message = `end_run asked for success, but ${unmet.join("; ")}`;
  return { status: "partial", result, error: { code: "exit_condition", message } };
}
