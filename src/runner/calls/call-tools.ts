/** Makes tool calls in groups: in order, adjacent read-only calls together, each gated when its turn has come. */

import type { RunEvent } from "../../core/journal/event.js";
import { hasDiedInTurn, isSameCall, repetitionsOf } from "../../core/journal/history.js";
import { resultId } from "../../core/journal/result-id.js";
import type { ToolProgress } from "../../core/ports/downstream.js";
import type { Blob, Commit } from "../../core/ports/run-store.js";
import type { ToolCall } from "../../core/run/message.js";
import type { QuestionDraft } from "../../core/run/question.js";
import type { RunFailure } from "../../core/run/run.js";
import { type CatalogTool, isWork, READ_RESULT, SPAWN_AGENT, WAIT_FOR_RUNS } from "../../core/tools/tool.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import { whySurplus } from "../../core/workflow/judge-rules.js";
import { cutTo } from "../../lib/text.js";
import { endWith, type LoopResult, STOPPED, waitWith } from "../state/loop-result.js";
import type { CallDeps, CallHooks, IndexedCall, TurnContext } from "../state/turn-context.js";
import { effectOfChildTool } from "../tools/child-tools.js";
import type { ToolSet } from "../tools/tool-set.js";
import { type CallEvents, createCallEvents } from "./call-events.js";
import { deadlyRefusal } from "./deadly-calls.js";
import { judgeCall } from "./judge-call.js";
import { makeCall } from "./make-call.js";
import { permission } from "./permission.js";
import { createSampler } from "./sample-model.js";

const PROGRESS_EVERY_MS = 1_000; // some servers report each of thousands of files
const LONGEST_PROGRESS = 1_000; // characters of a server's progress message
const REFUSED_AT = 5; // the same call with the same answer this often in a row: refused, and the agent learns why
const BLOCKED_AT = 8; // this often in a row: the agent will not stop by itself

/**
 * Makes the first calls of a batch that may be made together, yielding commits. Each of them has an answer then, unless it
 * returns the end or the question that one of them leads to.
 */
export async function* callFirstGroup(
  batch: readonly IndexedCall[],
  context: TurnContext,
  deps: CallDeps,
): AsyncGenerator<Commit, LoopResult | null> {
  const { state, signal } = context;
  // The effects of one group are on disk before the next one is even judged.
  if (state.hasUnsavedAnswers() || hasDiedInTurn(state.history)) yield state.flush();
  const group = firstGroup(batch, context, deps);
  const counted = withRepetitions(group, context);
  const stuck = stuckIn(counted);
  if (stuck) return endWith({ status: "blocked", result: null, error: stuck });
  const { admitted, draft } = await admitAll(counted, context, deps);
  if (admitted.length > 0) {
    yield state.flush();
    if (signal.aborted) return STOPPED;
    const callEvents = createCallEvents(state);
    const sample = createSampler(callEvents, context, deps);
    const answers = admitted.map((call) => callOnce(call, callEvents, sample, context, deps));
    const finished = yield* callEvents.until(Promise.all(answers));
    for (const { events, blobs } of finished)
      for (const [position, event] of events.entries()) state.record(event, position === 0 ? blobs : []);
    if (signal.aborted) return STOPPED;
  }
  return draft && waitWith(draft);
}

/**
 * Neighbours that only read form one group, unless a rule has to see each before the next; so do neighbours that start
 * agents. Every other call is a group of its own.
 */
function firstGroup(
  batch: readonly IndexedCall[],
  { toolSet, state }: TurnContext,
  { conditions }: CallDeps,
): readonly IndexedCall[] {
  const areCounted = (state.step?.rules ?? []).some(({ when }) => when !== null && looksAtCalls(when, conditions));
  const kindOf = ({ name }: ToolCall): "reads" | "spawns" | "alone" => {
    if (name === SPAWN_AGENT) return "spawns";
    return effectOfCall(name, toolSet) === "read_only" && !areCounted ? "reads" : "alone";
  };
  const [first] = batch;
  if (first === undefined) return [];
  const kind = hasDiedInTurn(state.history) ? "alone" : kindOf(first.call);
  const end = batch.findIndex(({ call }, position) => position > 0 && (kind === "alone" || kindOf(call) !== kind));
  return end < 0 ? batch : batch.slice(0, end);
}

function looksAtCalls(condition: string, conditions: ConditionReader): boolean {
  const compiled = conditions.compile(condition);
  return compiled.kind === "fault" || compiled.looksAtCalls;
}

function effectOfCall(name: string, toolSet: ToolSet) {
  if (name === READ_RESULT) return "read_only";
  return effectOfChildTool(name) ?? toolSet.allowed.get(name)?.effect ?? "effectful";
}

interface CountedCall extends IndexedCall {
  /** How often in a row this call has just got the same answer. */
  readonly repetitions: number;
}

/** Counted when the turn of the group has come; another call before it in the group breaks the row. */
function withRepetitions(group: readonly IndexedCall[], { state }: TurnContext): readonly CountedCall[] {
  const first = group[0]?.call;
  return group.map((indexed) => {
    const unbroken = first !== undefined && isSameCall(first, indexed.call);
    const counts = unbroken && indexed.call.name !== WAIT_FOR_RUNS;
    return { ...indexed, repetitions: counts ? repetitionsOf(state.history, indexed.call) : 0 };
  });
}

function stuckIn(group: readonly CountedCall[]): RunFailure | null {
  const stuck = group.find(({ repetitions }) => repetitions >= BLOCKED_AT - 1);
  if (!stuck) return null;
  return {
    code: "repeated_call",
    message: `the agent called ${stuck.call.name} ${BLOCKED_AT} times in a row with the same arguments and the same answer`,
  };
}

type Admitted = CountedCall & { readonly tool: CatalogTool | null };

type Admission =
  | { readonly kind: "admitted"; readonly call: Admitted }
  | { readonly kind: "refused" }
  | { readonly kind: "asks"; readonly draft: QuestionDraft };

/** The admitted calls of a group, and the first approval it needs: that is asked when the others have their answers. */
async function admitAll(group: readonly CountedCall[], context: TurnContext, deps: CallDeps) {
  const admitted: Admitted[] = [];
  let draft: QuestionDraft | null = null;
  for (const counted of group) {
    const admission = await admit(counted, context, deps);
    if (admission.kind === "admitted") admitted.push(admission.call);
    if (admission.kind === "asks") draft ??= admission.draft;
  }
  return { admitted, draft };
}

/** Records the verdict of the gate. */
async function admit(counted: CountedCall, context: TurnContext, deps: CallDeps): Promise<Admission> {
  const { call, index, repetitions } = counted;
  const { state, toolSet, request } = context;
  const { turn } = state.history;
  const refuse = (reason: string): Admission => {
    state.record({ type: "tool_call_refused", turn, index, tool: call.name, reason });
    return { kind: "refused" };
  };
  const deadly = deadlyRefusal(context, call);
  if (deadly !== null) return refuse(deadly);
  const verdict = await judgeCall(call, context, deps);
  for (const failure of verdict.failures) state.record(failure);
  if (verdict.kind === "refused") return refuse(verdict.reason);
  const surplus = isWork(call.name) ? whySurplus(request.workflow, state.workflow, index) : null;
  if (surplus !== null) return refuse(`${call.name} is not allowed: ${surplus}`);
  const about = { kind: "call", turn, index, tool: call.name, arguments: call.arguments } as const;
  const permitted = permission(verdict.approval, about, state.history);
  if (permitted.kind === "denied") return refuse(permitted.reason);
  if (repetitions >= REFUSED_AT) return refuse(repeated(call));
  if (permitted.kind === "asks") return permitted;
  for (const rule of verdict.warnings) state.record({ type: "rule_warned", turn, index, tool: call.name, rule });
  state.record({ type: "tool_call_started", turn, index, tool: call.name, effect: effectOfCall(call.name, toolSet) });
  return { kind: "admitted", call: { ...counted, tool: verdict.tool } };
}

function repeated({ name }: ToolCall): string {
  return `${name} is not allowed: the same call has got the same answer ${REFUSED_AT} times in a row; do something else or call complete`;
}

/** The events and blobs of one call; none where the run was stopped before its answer came. */
async function callOnce(
  { call, index, tool }: Admitted,
  callEvents: CallEvents,
  sample: CallHooks["sample"],
  context: TurnContext,
  deps: CallDeps,
): Promise<{ readonly events: readonly RunEvent[]; readonly blobs: readonly Blob[] }> {
  const { turn } = context.state.history;
  const place = { turn, index, tool: call.name };
  const facts: RunEvent[] = [];
  const hooks: CallHooks = {
    onProgress: reportTo(callEvents, place, deps),
    sample,
    onFact: (fact) => facts.push(fact),
  };
  const made = await makeCall({ call, index, tool, id: resultId(turn, index) }, hooks, context, deps);
  if (made === null) return { events: [], blobs: [] };
  return { events: [...facts, { type: "tool_call_finished", ...place, ...made.answer }], blobs: made.blobs };
}

function reportTo(
  callEvents: CallEvents,
  place: { readonly turn: number; readonly index: number; readonly tool: string },
  { clock, redact }: CallDeps,
) {
  let last = Number.NEGATIVE_INFINITY;
  return (progress: ToolProgress) => {
    const now = clock.now();
    if (now - last < PROGRESS_EVERY_MS) return;
    last = now;
    const message = progress.message === null ? null : cutTo(redact.text(progress.message), LONGEST_PROGRESS);
    void callEvents.post([{ type: "tool_call_progressed", ...place, ...progress, message }]);
  };
}
