/** Whether a reply ends its run, and how: an answer without calls, `complete`, and the grace turn behind a limit. */
import { COMPLETE } from "../../core/journal/history.js";
import type { QuestionDraft } from "../../core/run/question.js";
import type { Outcome, RunFailure, RunRequest } from "../../core/run/run.js";
import { factsOf } from "../../core/workflow/facts.js";
import { fillTemplate } from "../../core/workflow/template.js";
import type { PrematureStop } from "../../core/workflow/workflow.js";
import { endWith, type LoopResult, waitWith } from "../state/loop-result.js";
import type { CallDeps, IndexedCall, RunContext } from "../state/turn-context.js";
import { ASK } from "../tools/built-in-tools.js";
import { approvalForSuccess, unmetIn } from "./advance-workflow.js";
import type { ModelResult } from "./call-model.js";
import { type CompleteVerdict, graceOutcome, judgeComplete } from "./judge-complete.js";

const MAX_COMPLETE_REFUSALS = 3;
const MAX_PREMATURE_STOPS = 3; // answers without `complete` that are guided before the run is blocked

/**
 * Judges an answer without calls. It ends the run where nothing is required of the end; else the workflow decides.
 * Returns null where the run continues.
 */
export function judgeAnswer(text: string, context: RunContext): LoopResult | null {
  const { request, state } = context;
  const { outputSchema, workflow } = request;
  if (outputSchema === null && workflow === null) return endWith({ status: "success", result: text });
  const unmet = unmetIn(context);
  const { action, message } = prematureStop(context);
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

/** The workflow's action on an answer without calls; where its condition says so, the answer is not premature. */
function prematureStop({ request, state, engineContext }: RunContext): Pick<PrematureStop, "action" | "message"> {
  const { workflow } = request;
  if (workflow === null || state.workflow === null) return { action: "guide", message: null };
  const { action, message: text, condition } = workflow.onPrematureStop;
  const message = text === null ? null : fillTemplate(text, state.workflow.variables);
  if (condition === null) return { action, message };
  const facts = factsOf(state.workflow, state.workflow.last, engineContext.run);
  const verdict = engineContext.evaluate(condition, facts);
  if (verdict.kind === "failed")
    state.record({ type: "condition_failed", where: "on_premature_stop", condition, error: verdict.error });
  return verdict.kind === "false" ? { action: "warn", message } : { action, message };
}

function premature({ outputSchema, workflow }: RunRequest, unmet: readonly string[]): string {
  const data = outputSchema === null ? "" : " with `data` that fits its schema";
  const call = `call \`complete\`${data}, or with status blocked and the reason.`;
  if (workflow === null || unmet.length === 0) return call;
  return `${unmet.join("; ")}. Work on in the step you are in, or ${call}`;
}

/**
 * Judges `complete` after the other calls of its turn; only the first of a turn counts. Returns how the run ends or which
 * question it has to ask first; null where it continues.
 */
export async function judgeCompletions(
  calls: readonly IndexedCall[],
  hasMail: boolean,
  context: RunContext,
  deps: CallDeps,
): Promise<LoopResult | null> {
  const { request, state } = context;
  const { turn, answers } = state.history;
  const most = request.workflow?.settings.maxRefusals ?? MAX_COMPLETE_REFUSALS;
  const unread = unreadBy(calls, hasMail);
  const completions = calls.filter(({ call }) => call.name === COMPLETE);
  let outcome: Outcome | null = null;
  for (const [position, { call, index }] of completions.entries()) {
    if (answers[index] !== undefined) continue;
    if (unread !== null) {
      const text = `complete was put off: ${unread}, and then call it again if your work is done`;
      state.record({ type: "tool_call_finished", turn, index, tool: COMPLETE, isError: true, text, milliseconds: 0 });
      continue;
    }
    const verdict = position === 0 ? await judgeCompletion(call.arguments, context, deps) : REPEATED;
    if (verdict.kind === "asks") return waitWith(verdict.draft);
    if (verdict.kind === "accepted") {
      outcome = verdict.outcome;
      recordAccepted(index, context);
      recordCompletion(outcome, context);
      continue;
    }
    const reason = `complete was refused: ${verdict.reason}`;
    state.record({ type: "tool_call_refused", turn, index, tool: COMPLETE, reason });
    if (outcome === null && state.history.completeRefusals >= most)
      return refusedTooOften(state.history.completeRefusals, verdict.reason);
  }
  return outcome && endWith(outcome);
}

type Completion = CompleteVerdict | { readonly kind: "asks"; readonly draft: QuestionDraft };

const REPEATED: Completion = { kind: "refused", reason: "complete may be called once in a turn" };

/** Nothing the model says makes a success of a run whose workflow has not come to its end. */
async function judgeCompletion(args: unknown, context: RunContext, { schemas }: CallDeps): Promise<Completion> {
  const verdict = await judgeComplete(args, context.request.outputSchema, schemas);
  if (verdict.kind === "refused") return verdict;
  const unmet = verdict.outcome.status === "success" ? unmetIn(context) : [];
  if (unmet.length === 0) return verdict;
  const draft = approvalForSuccess(context);
  return draft ? { kind: "asks", draft } : { kind: "refused", reason: unmet.join("; ") };
}

function refusedTooOften(refusals: number, last: string): LoopResult {
  const times = refusals === 1 ? "once" : `${refusals} times`;
  const message = `complete was refused ${times}; the last time: ${last}`;
  return endWith({ status: "blocked", result: null, error: { code: "complete_refused", message } });
}

function recordAccepted(index: number, { state }: RunContext): void {
  const { turn } = state.history;
  const answer = { isError: false, text: "The run ends.", milliseconds: 0 };
  state.record({ type: "tool_call_finished", turn, index, tool: COMPLETE, ...answer });
}

/** The text that the agent has to read before its work can be done; null where there is none. */
function unreadBy(calls: readonly IndexedCall[], hasMail: boolean): string | null {
  if (calls.some(({ call }) => call.name === ASK)) return "read the answer to your question first";
  return hasMail ? "read the message that has come for you first" : null;
}

function recordCompletion({ result }: Outcome, { request, state }: RunContext): void {
  if (request.workflow === null) return;
  state.record({ type: "variable_set", name: "workflow_completed", value: true, done: 0 });
  state.record({ type: "variable_set", name: "completion_result", value: result, done: 0 });
}

/** The message to the agent before its grace turn. */
export function graceNotice(breach: RunFailure): string {
  return `A limit is reached: ${breach.message}. This is your last reply. Say what you have found and done so far, in text or with \`complete\`; no other tool is left.`;
}

/** After a grace turn the run is partial in any case. */
export async function graceEnd(
  reply: Extract<ModelResult, { kind: "replied" | "failed" }>,
  context: RunContext,
  breach: RunFailure,
  { schemas }: CallDeps,
): Promise<Outcome> {
  const { outputSchema } = context.request;
  if (reply.kind === "failed") {
    const message = `${breach.message}; its last reply failed: ${reply.failure.message}`;
    return { status: "partial", result: null, error: { code: breach.code, message } };
  }
  const { text, calls } = reply.content;
  const index = calls.findIndex(({ name }) => name === COMPLETE);
  const call = calls[index];
  if (!call) return { status: "partial", result: text || null, error: breach };
  recordAccepted(index, context);
  const asksSuccess = (call.arguments.status ?? "success") === "success";
  const message = [breach.message, ...(asksSuccess ? unmetIn(context) : [])].join("; ");
  return await graceOutcome(call.arguments, outputSchema, schemas, { ...breach, message });
}
