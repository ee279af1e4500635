/** Makes the tool calls of one turn: order kept, adjacent read-only calls together, each gated when it is its turn. */

import type { ToolProgress } from "../../core/ports/downstream.js";
import type { RunEvent } from "../../core/run/event.js";
import { COMPLETE, isSameCall, repetitionsOf, resultId } from "../../core/run/history.js";
import type { ToolCall } from "../../core/run/message.js";
import type { QuestionDraft } from "../../core/run/question.js";
import type { RunFailure } from "../../core/run/run.js";
import { type CatalogTool, SPAWN_AGENT, WAIT_FOR_RUNS } from "../../core/tools/tool.js";
import type { ConditionReader } from "../../core/workflow/condition.js";
import { cutTo } from "../../lib/text.js";
import { endWith, type LoopResult, waitWith } from "../state/loop-result.js";
import { ASK, READ_RESULT, REQUEST_STEP } from "../tools/built-in-tools.js";
import { effectOfChildTool } from "../tools/child-tools.js";
import type { ToolSet } from "../tools/tool-set.js";
import { type CallEvents, createCallEvents } from "./call-events.js";
import { settleOpenCalls } from "./in-doubt-calls.js";
import { judgeCall } from "./judge-call.js";
import { type CallContext, type CallDeps, type CallHooks, makeCall } from "./make-call.js";
import { permission } from "./permission.js";
import { createSampler } from "./sample-model.js";

const JUDGED_LATER = new Set([COMPLETE, REQUEST_STEP, ASK]); // when the turn's other calls are done
const PROGRESS_EVERY_MS = 1_000; // some servers report each file of thousands
const LONGEST_PROGRESS = 1_000; // characters of what a server says of its progress
const TOLD_AT = 5; // the same call with the same answer so often: refused and told
const BLOCKED_AT = 8; // so often: it will not stop by itself

/**
 * Makes all calls of the last reply that have no answer yet, but those that are judged later, yielding commits.
 * Returns why the run goes no further, if one of them says so; after an abort it returns at once.
 */
export async function* callTools(
  calls: readonly ToolCall[],
  context: CallContext,
  deps: CallDeps,
): AsyncGenerator<readonly RunEvent[], LoopResult | null> {
  const { state, signal } = context;
  const unsettled = settleOpenCalls(context, deps);
  if (unsettled) return unsettled;
  for (const group of inGroups(calls, context, deps)) {
    // What an earlier group did is on disk before this one is even looked at.
    if (state.hasUnsavedAnswers()) yield state.flush();
    const items = withRepetitions(group, context);
    const stuck = stuckIn(items);
    if (stuck) return blockedBy(stuck);
    const admitted: Admitted[] = [];
    let draft: QuestionDraft | null = null; // asked when the others of the group have their answers
    for (const item of items) {
      const call = await admit(item, context, deps);
      if (call && "about" in call) draft ??= call;
      else if (call) admitted.push(call);
    }
    if (admitted.length === 0) {
      if (draft) return waitWith(draft);
      continue;
    }
    yield state.flush();
    if (signal.aborted) return null;
    const callEvents = createCallEvents(state);
    const sample = createSampler(callEvents, context, deps);
    const answers = admitted.map((call) => callOnce(call, callEvents, sample, context, deps));
    const finished = yield* callEvents.until(Promise.all(answers));
    for (const event of finished.flat()) state.record(event);
    if (signal.aborted) return null;
    if (draft) return waitWith(draft);
  }
  return null;
}

function blockedBy(error: RunFailure): LoopResult {
  return endWith({ status: "blocked", result: null, error });
}

interface Call {
  readonly call: ToolCall;
  readonly index: number;
}

interface Item extends Call {
  /** How often in a row this call has just got the same answer. */
  readonly repetitions: number;
}

/**
 * Neighbours that only read form one group, unless a rule has to see each before the next, and so do neighbours that
 * start agents; every other call is a group of its own.
 */
function inGroups(
  calls: readonly ToolCall[],
  { toolSet, state }: CallContext,
  { conditions }: CallDeps,
): readonly (readonly Call[])[] {
  const areCounted = (state.step?.rules ?? []).some(({ when }) => when !== null && looksAtCalls(when, conditions));
  const kindOf = ({ name }: ToolCall): "reads" | "spawns" | "alone" => {
    if (name === SPAWN_AGENT) return "spawns";
    return effectOfCall(name, toolSet) === "read_only" && !areCounted ? "reads" : "alone";
  };
  const groups: { kind: ReturnType<typeof kindOf>; calls: Call[] }[] = [];
  for (const [index, call] of calls.entries()) {
    if (JUDGED_LATER.has(call.name) || state.history.answers[index] !== undefined) continue;
    const kind = kindOf(call);
    const last = groups.at(-1);
    if (kind !== "alone" && last?.kind === kind) last.calls.push({ call, index });
    else groups.push({ kind, calls: [{ call, index }] });
  }
  return groups.map((group) => group.calls);
}

function looksAtCalls(condition: string, conditions: ConditionReader): boolean {
  const compiled = conditions.compile(condition);
  return "fault" in compiled || compiled.looksAtCalls;
}

function effectOfCall(name: string, toolSet: ToolSet) {
  if (name === READ_RESULT) return "read_only";
  return effectOfChildTool(name) ?? toolSet.allowed.get(name)?.effect ?? "effectful";
}

/** Counted when the group's turn has come; another call before it in the group breaks the row. */
function withRepetitions(group: readonly Call[], { state }: CallContext): readonly Item[] {
  const first = group[0]?.call;
  return group.map((item) => {
    const unbroken = first !== undefined && isSameCall(first, item.call);
    return {
      ...item,
      repetitions: unbroken && item.call.name !== WAIT_FOR_RUNS ? repetitionsOf(state.history, item.call) : 0,
    };
  });
}

function stuckIn(group: readonly Item[]): RunFailure | null {
  const item = group.find(({ repetitions }) => repetitions >= BLOCKED_AT - 1);
  if (!item) return null;
  return {
    code: "repeated_call",
    message: `the agent called ${item.call.name} ${BLOCKED_AT} times in a row with the same arguments and the same answer`,
  };
}

type Admitted = Item & { readonly tool: CatalogTool | null };

/** What the gate says, recorded; null for a call that is refused, what to ask for one that needs an approval first. */
async function admit(item: Item, context: CallContext, deps: CallDeps): Promise<Admitted | QuestionDraft | null> {
  const { call, index, repetitions } = item;
  const { state } = context;
  const { turn } = state.history;
  const { tool, refusal, approval, warnings, failures } = await judgeCall(call, context, deps);
  const about = { kind: "call", turn, index, tool: call.name, arguments: call.arguments } as const;
  const { denial, draft } = permission(approval, about, state.history);
  const reason = refusal ?? denial ?? (repetitions < TOLD_AT ? null : repeated(call));
  for (const failure of failures) state.record(failure);
  if (reason !== null) {
    state.record({ type: "tool_call_refused", turn, index, tool: call.name, reason });
    return null;
  }
  if (draft !== null) return draft;
  for (const rule of warnings) state.record({ type: "rule_warned", turn, index, tool: call.name, rule });
  state.record({
    type: "tool_call_started",
    turn,
    index,
    tool: call.name,
    effect: effectOfCall(call.name, context.toolSet),
  });
  return { ...item, tool };
}

function repeated({ name }: ToolCall): string {
  return `${name} is not allowed: the same call has got the same answer ${TOLD_AT} times in a row; do something else or call complete`;
}

/** One call: what it brought about, and its answer; nothing when the run was stopped before the answer came. */
async function callOnce(
  { call, index, tool }: Admitted,
  callEvents: CallEvents,
  sample: CallHooks["sample"],
  context: CallContext,
  deps: CallDeps,
): Promise<readonly RunEvent[]> {
  const { turn } = context.state.history;
  const place = { turn, index, tool: call.name };
  const facts: RunEvent[] = [];
  const hooks: CallHooks = {
    onProgress: reportTo(callEvents, place, deps),
    sample,
    onFact: (fact) => facts.push(fact),
  };
  const answer = await makeCall({ call, index, tool, id: resultId(turn, index) }, hooks, context, deps);
  return answer ? [...facts, { type: "tool_call_finished", ...place, ...answer }] : [];
}

function reportTo(
  callEvents: CallEvents,
  place: { turn: number; index: number; tool: string },
  { clock, redact }: CallDeps,
) {
  let last = Number.NEGATIVE_INFINITY;
  return (progress: ToolProgress) => {
    const now = clock.now();
    if (now - last < PROGRESS_EVERY_MS) return;
    last = now;
    const message = progress.message === null ? null : cutTo(redact.text(progress.message), LONGEST_PROGRESS);
    void callEvents.post({ type: "tool_call_progressed", ...place, ...progress, message });
  };
}
