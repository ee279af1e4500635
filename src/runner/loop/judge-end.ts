/** Whether a reply ends its run, and how: an answer without calls, `complete`, and the one extra reply behind a limit. */

import { COMPLETE } from "../../core/run/history.js";
import type { ToolCall } from "../../core/run/message.js";
import type { QuestionDraft } from "../../core/run/question.js";
import type { Outcome, RunFailure, RunRequest } from "../../core/run/run.js";
import { factsOf } from "../../core/workflow/engine.js";
import { fillTemplate } from "../../core/workflow/template.js";
import type { PrematureStop } from "../../core/workflow/workflow.js";
import type { CallContext, CallDeps } from "../calls/make-call.js";
import { endWith, type LoopResult, waitWith } from "../state/loop-result.js";
import { ASK } from "../tools/built-in-tools.js";
import { approvalForSuccess, unmetIn } from "./advance-workflow.js";
import type { ModelResult } from "./call-model.js";
import { type CompleteVerdict, graceOutcome, judgeComplete } from "./judge-complete.js";

const MAX_COMPLETE_REFUSALS = 3;
const MAX_PREMATURE_STOPS = 3; // answers without `complete` that are guided before the run is blocked

/**
 * An answer without calls ends the run where nothing is asked of its end; otherwise only `complete` does, or the
 * workflow's own way with it. Returns null where the run goes on.
 */
export function answered(text: string, { request, state, engineContext }: CallContext): LoopResult | null {
  const { outputSchema, workflow } = request;
  if (outputSchema === null && workflow === null) return endWith({ status: "success", result: text });
  const unmet = unmetIn({ request, state, engineContext });
  const { action, message } = prematureStop({ request, state, engineContext });
  const why = message ?? premature(request, unmet);
  const stopped = (status: "blocked" | "partial", reason: string): LoopResult =>
    endWith({ status, result: text, error: { code: "premature_stop", message: reason } });
  if (action === "block") return stopped("blocked", `the agent answered without calling complete: ${why}`);
  if (action === "warn") {
    if (unmet.length === 0 && outputSchema === null) return endWith({ status: "success", result: text });
    return stopped("partial", `the agent answered without calling complete: ${why}`);
  }
  if (state.history.prematureStops > MAX_PREMATURE_STOPS)
    return stopped("blocked", `the agent answered ${MAX_PREMATURE_STOPS + 1} times without calling complete`);
  state.record({ type: "message_injected", text: `Your work has not ended: ${why}` });
  return null;
}

type Standing = Pick<CallContext, "request" | "state" | "engineContext">;

/** What the workflow does about an answer without calls; one that is not premature by its condition is simply an answer. */
function prematureStop({ request, state, engineContext }: Standing): Pick<PrematureStop, "action" | "message"> {
  const { workflow } = request;
  if (workflow === null || state.workflow === null) return { action: "guide", message: null };
  const { action, message: text, condition } = workflow.onPrematureStop;
  const message = text === null ? null : fillTemplate(text, state.workflow.variables);
  if (condition === null) return { action, message };
  const facts = factsOf(state.workflow, state.workflow.last, engineContext.run);
  const verdict = engineContext.evaluate(condition, facts);
  if ("error" in verdict)
    state.record({ type: "condition_failed", where: "on_premature_stop", condition, error: verdict.error });
  return "holds" in verdict && !verdict.holds ? { action: "warn", message } : { action, message };
}

function premature({ outputSchema, workflow }: RunRequest, unmet: readonly string[]): string {
  const data = outputSchema === null ? "" : " with `data` that fits its schema";
  const call = `call \`complete\`${data}, or with status blocked and the reason.`;
  if (workflow === null || unmet.length === 0) return call;
  return `${unmet.join("; ")}. Go on with the step you are in, or ${call}`;
}

/**
 * `complete` is judged after the other calls of its turn; only the first of a turn counts. Returns how the run ends or what
 * it has to ask first, null where it goes on.
 */
export async function completed(
  calls: readonly ToolCall[],
  hasMail: boolean,
  context: CallContext,
  deps: CallDeps,
): Promise<LoopResult | null> {
  const { request, state } = context;
  const { turn } = state.history;
  const most = request.workflow?.settings.maxRefusals ?? MAX_COMPLETE_REFUSALS;
  const asked = calls.flatMap((call, index) => (call.name === COMPLETE ? [{ call, index }] : []));
  const unread = unreadBy(calls, hasMail);
  let outcome: Outcome | null = null;
  for (const [position, { call, index }] of asked.entries()) {
    if (state.history.answers[index] !== undefined) continue;
    if (unread !== null) {
      const text = `complete was put off: ${unread}, and then call it again if your work is done`;
      state.record({ type: "tool_call_finished", turn, index, tool: COMPLETE, isError: true, text, milliseconds: 0 });
      continue;
    }
    const verdict =
      position === 0
        ? await judgeCompletion(call, context, deps)
        : { accepted: false as const, reason: "complete may be called once in a turn" };
    if ("about" in verdict) return waitWith(verdict);
    if (verdict.accepted) {
      outcome = verdict.outcome;
      noteAccepted(index, context);
      noteCompletion(outcome, context);
      continue;
    }
    const reason = `complete was refused: ${verdict.reason}`;
    state.record({ type: "tool_call_refused", turn, index, tool: COMPLETE, reason });
    if (outcome === null && state.history.completeRefusals >= most) {
      const times = state.history.completeRefusals === 1 ? "once" : `${state.history.completeRefusals} times`;
      const message = `complete was refused ${times}; the last time: ${verdict.reason}`;
      return endWith({ status: "blocked", result: null, error: { code: "complete_refused", message } });
    }
  }
  return outcome && endWith(outcome);
}

function noteAccepted(index: number, { state }: CallContext): void {
  const { turn } = state.history;
  const answer = { isError: false, text: "The run ends.", milliseconds: 0 };
  state.record({ type: "tool_call_finished", turn, index, tool: COMPLETE, ...answer });
}

/** What the agent has to read before its work can be done; null where there is nothing. */
function unreadBy(calls: readonly ToolCall[], hasMail: boolean): string | null {
  if (calls.some(({ name }) => name === ASK)) return "read the answer to your question first";
  return hasMail ? "read the message that has come for you first" : null;
}

/** Nothing the model says makes a success of a run whose workflow has not come to its end. */
async function judgeCompletion(
  call: ToolCall,
  context: CallContext,
  { schemas }: CallDeps,
): Promise<CompleteVerdict | QuestionDraft> {
  const verdict = await judgeComplete(call.arguments, context.request.outputSchema, schemas);
  if (!verdict.accepted || verdict.outcome.status !== "success") return verdict;
  const unmet = unmetIn(context);
  if (unmet.length === 0) return verdict;
  return approvalForSuccess(context) ?? { accepted: false, reason: unmet.join("; ") };
}

function noteCompletion({ result }: Outcome, { request, state }: CallContext): void {
  if (request.workflow === null) return;
  state.record({ type: "variable_set", name: "workflow_completed", value: true, done: 0 });
  state.record({ type: "variable_set", name: "completion_result", value: result, done: 0 });
}

/** What the agent is told when a limit has run out. */
export function graceNotice(breach: RunFailure): string {
  return `A limit is reached: ${breach.message}. This is your last reply. Say what you have found and done so far, in text or with \`complete\`; no other tool is left.`;
}

/** After a grace turn the run is partial, whatever came of it. */
export async function graceEnd(
  asked: Exclude<ModelResult, { kind: "stopped" | "spent" }>,
  context: CallContext,
  breach: RunFailure,
  deps: CallDeps,
): Promise<Outcome> {
  const { outputSchema } = context.request;
  if (asked.kind === "failed") {
    const message = `${breach.message}; its last reply failed: ${asked.failure.message}`;
    return { status: "partial", result: null, error: { code: breach.code, message } };
  }
  const { text, calls } = asked.content;
  const index = calls.findIndex(({ name }) => name === COMPLETE);
  const call = calls[index];
  if (call) {
    noteAccepted(index, context);
    const asksSuccess = (call.arguments.status ?? "success") === "success";
    const message = [breach.message, ...(asksSuccess ? unmetIn(context) : [])].join("; ");
    return await graceOutcome(call.arguments, outputSchema, deps.schemas, { ...breach, message });
  }
  return { status: "partial", result: text || null, error: breach };
}
