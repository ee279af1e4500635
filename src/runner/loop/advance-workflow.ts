/** Leads a run through its workflow: does what the engine says comes next, until the agent is on again. */

import type { RunEvent } from "../../core/run/event.js";
import { workflowResultId } from "../../core/run/history.js";
import type { ToolCall } from "../../core/run/message.js";
import type { QuestionDraft } from "../../core/run/question.js";
import type { Outcome } from "../../core/run/run.js";
import {
  approvalFor,
  type Effect,
  exitFailures,
  failuresForSuccess,
  nextEffect,
  requestRefusal,
  unmetForSuccess,
} from "../../core/workflow/engine.js";
import { stepNamed } from "../../core/workflow/workflow.js";
import type { WorkflowState } from "../../core/workflow/workflow-state.js";
import { mayRepeat, settleInDoubtCall, stopFor } from "../calls/in-doubt-calls.js";
import { judgeCall } from "../calls/judge-call.js";
import { type CallContext, type CallDeps, type CallHooks, makeCall } from "../calls/make-call.js";
import { permission } from "../calls/permission.js";
import { endWith, type LoopResult, waitWith } from "../state/loop-result.js";
import { REQUEST_STEP } from "../tools/built-in-tools.js";

/**
 * Yields commits. Returns why the run goes no further where the workflow says so; null otherwise, also after an abort.
 * What `context` offers has to follow the step that the run is in.
 */
export async function* advanceWorkflow(
  context: CallContext,
  deps: CallDeps,
): AsyncGenerator<readonly RunEvent[], LoopResult | null> {
  const { state, signal, request, engineContext } = context;
  const unsettled = settleOpenCall(context, deps);
  if (unsettled) return unsettled;
  for (;;) {
    if (request.workflow === null || state.workflow === null || signal.aborted) return null;
    const effect = nextEffect(request.workflow, state.workflow, engineContext);
    if (effect === null) return null;
    if (effect.kind === "ask") return waitWith(effect.draft);
    if (effect.kind === "end_run") return endWith(endedByWorkflow(effect, context));
    if (effect.kind === "record") state.record(effect.event);
    else {
      const draft = yield* callForWorkflow(effect, context, deps);
      if (draft) return waitWith(draft);
    }
  }
}

/** What follows the calls of a turn: what the workflow does by itself, and only then what the agent asked for. */
export async function* advanceTurn(
  calls: readonly ToolCall[],
  context: CallContext,
  deps: CallDeps,
): AsyncGenerator<readonly RunEvent[], LoopResult | null> {
  const { state, signal } = context;
  const before = state.workflow?.turnStep ?? null;
  const result = yield* advanceWorkflow(context, deps);
  if (result || signal.aborted) return result;
  const draft = takeStepRequests(calls, before, context);
  if (draft) return waitWith(draft);
  return yield* advanceWorkflow(context, deps);
}

type Standing = Pick<CallContext, "request" | "state" | "engineContext">;

/** Why the run may not end in success now, by its workflow; conditions that cannot be evaluated are recorded. */
export function unmetIn({ request, state, engineContext }: Standing): readonly string[] {
  if (request.workflow === null || state.workflow === null) return [];
  const unmet = unmetForSuccess(request.workflow, state.workflow, engineContext);
  for (const failure of failuresForSuccess(request.workflow, state.workflow, engineContext)) state.record(failure);
  return unmet;
}

/** The approval that alone stands between the run and its success, to be asked for now; null where there is none. */
export function approvalForSuccess({ request, state, engineContext }: Standing): QuestionDraft | null {
  const { workflow } = request;
  const position = state.workflow;
  if (workflow === null || position === null || position.step === null) return null;
  const isUnmet = (then: WorkflowState) => unmetForSuccess(workflow, then, engineContext).length > 0;
  return approvalFor(stepNamed(workflow, position.step), position, engineContext, isUnmet);
}

/**
 * Takes the agent's wish to go on from the step that the turn began in; only the first of a turn counts.
 * Returns the approval that has to be asked for first.
 */
function takeStepRequests(
  calls: readonly ToolCall[],
  before: string | null,
  context: CallContext,
): QuestionDraft | null {
  const { state, request, engineContext } = context;
  const { turn } = state.history;
  const asked = calls.flatMap((call, index) => (call.name === REQUEST_STEP ? [{ call, index }] : []));
  for (const [position, { call, index }] of asked.entries()) {
    if (state.history.answers[index] !== undefined) continue;
    const to = String(call.arguments.to);
    const { workflow } = state;
    const from = workflow?.step ?? null;
    const refuse = (reason: string) => {
      const refused = `${REQUEST_STEP} was refused: ${reason}`;
      state.record({ type: "tool_call_refused", turn, index, tool: REQUEST_STEP, reason: refused });
    };
    const agree = (text: string) =>
      state.record({
        type: "tool_call_finished",
        turn,
        index,
        tool: REQUEST_STEP,
        isError: false,
        text,
        milliseconds: 0,
      });
    if (request.workflow === null || workflow === null || from === null) refuse("this run has no steps");
    else if (position > 0) refuse("it may be called once in a turn");
    else if (from !== before && from === to) agree(`The run has gone on to step "${to}" already.`);
    else if (from !== before) refuse(`the run has gone on to step "${from}" by itself`);
    else {
      const definition = request.workflow;
      const reason = requestRefusal(definition, workflow, to, engineContext);
      const isRefused = (then: WorkflowState) => requestRefusal(definition, then, to, engineContext) !== null;
      const draft =
        reason === null ? null : approvalFor(stepNamed(definition, from), workflow, engineContext, isRefused);
      if (draft) return draft;
      for (const failure of exitFailures(stepNamed(request.workflow, from), workflow, engineContext))
        state.record(failure);
      if (reason !== null) {
        refuse(reason);
        continue;
      }
      agree(`The run goes on to step "${to}".`);
      state.record({ type: "transition_taken", from, to, transition: null });
    }
  }
  return null;
}

/** Returns what a person has to approve first; null when the call is made or refused. */
async function* callForWorkflow(
  { tool: name, arguments: args, outputAs, done }: Extract<Effect, { kind: "call_tool" }>,
  context: CallContext,
  deps: CallDeps,
): AsyncGenerator<readonly RunEvent[], QuestionDraft | null> {
  const { state } = context;
  const call = (state.workflow?.ownCalls ?? 0) + 1;
  const asked: ToolCall = { id: null, name, arguments: args };
  const { tool, refusal, approval, warnings, failures } = await judgeCall(asked, context, deps);
  const about = { kind: "workflow_call", call, tool: name, arguments: args } as const;
  const { denial, draft } = permission(approval, about, state.history);
  for (const failure of failures) state.record(failure);
  if (refusal !== null || denial !== null || tool === null) {
    const reason = refusal ?? denial ?? `${name} is a tool for agents`;
    state.record({ type: "workflow_call_refused", call, tool: name, reason, outputAs, done });
    return null;
  }
  if (draft !== null) return draft;
  const { turn } = state.history;
  for (const rule of warnings) state.record({ type: "rule_warned", turn, index: null, tool: name, rule });
  state.record({ type: "workflow_call_started", call, tool: name, arguments: args, effect: tool.effect });
  yield state.flush();
  if (context.signal.aborted) return null;
  const answer = await makeCall({ call: asked, index: 0, tool, id: workflowResultId(call) }, SILENT, context, deps);
  if (answer) state.record({ type: "workflow_call_finished", call, tool: name, ...answer, outputAs, done });
  return null;
}

/** The call that the workflow was making when its process went away: made again, asked about, or taken as failed and told to the agent. */
function settleOpenCall(context: CallContext, deps: CallDeps): LoopResult | null {
  const { state, request, engineContext } = context;
  const { workflow: position } = state;
  if (request.workflow === null || position === null || position.openCall === null) return null;
  const { tool, effect, arguments: args } = position.openCall;
  if (mayRepeat({ tool, effect }, context)) return null;
  const call = position.ownCalls + 1;
  const about = { kind: "in_doubt_workflow_call", call, tool, arguments: args } as const;
  const settled = settleInDoubtCall(about, context, deps);
  if (settled.kind === "wait") return waitWith(settled.draft);
  if (settled.kind === "repeat") return null;
  const due = nextEffect(request.workflow, position, engineContext);
  if (due?.kind !== "call_tool") throw new Error(`the open call of ${tool} is not what the workflow does next`);
  const { outputAs, done } = due;
  state.record({ type: "workflow_call_finished", call, tool, ...settled.answer, outputAs, done });
  state.record({ type: "message_injected", text: `A call of the workflow itself: ${settled.answer.text}` });
  return stopFor(tool, deps);
}

const SILENT: CallHooks = {
  onProgress: () => {},
  onFact: () => {},
  sample: async () => {
    throw new Error("a workflow's own call asks no model");
  },
};

function endedByWorkflow({ status, result }: Extract<Effect, { kind: "end_run" }>, context: CallContext): Outcome {
  const unmet = status === "success" ? unmetIn(context) : [];
  if (unmet.length === 0) return { status, result };
  const message = `end_run asked for success, but ${unmet.join("; ")}`;
  return { status: "partial", result, error: { code: "exit_condition", message } };
}
