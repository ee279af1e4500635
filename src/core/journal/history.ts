/** The fold of a run's events: the messages of the next model request, and the counts that limits are compared with. */

import { addCosts, tokensOf } from "../run/cost.js";
import type { Message, ToolCall } from "../run/message.js";
import { toModelText } from "../run/model-name.js";
import { aboutKey } from "../run/question.js";
import type { Usage } from "../run/run.js";
import { rememberFiles } from "../tools/seen-file.js";
import { isWork } from "../tools/tool.js";
import { type Grants, type KeptAnswer, type KeptAttachment, type Paid, PROCESS_DIED, type RunEvent } from "./event.js";
import { folded } from "./folded.js";
import type { Deaths, History, Mark, ReadReply } from "./history-state.js";
import { resultId, workflowResultId } from "./result-id.js";

export const COMPLETE = "complete";

/** A copy of the history with further grants. */
export function historyWith(grants: Grants, history: History): History {
  return { ...history, ...totalGrants(history, grants) };
}

/** Applies one event to the history. */
export function recordEvent(history: History, event: RunEvent, readReply: ReadReply): void {
  const source = history.nextSource;
  history.nextSource = sourceAfter(event);
  switch (event.type) {
    case "run_created":
      if (event.continues !== undefined) continueFrom(history);
      return;
    case "run_interrupted":
      if (event.crashed) countDeath(history);
      return;
    case "run_finished":
      history.ended = true;
      return;
    case "run_resumed":
      if (event.by === "request") reopen(history, event);
      history.ended = false;
      return;
    case "tools_resolved":
      history.knownTools = new Set(event.rulings.flatMap(({ allowed, tools }) => (allowed ? tools : [])));
      history.toolNames = [...history.knownTools, ...(event.builtIns ?? [])];
      if (history.phase === "asking" && history.grace === null) declare(history, history.toolNames);
      return;
    case "turn_started":
      history.turn = event.turn;
      history.phase = "asking";
      declare(history, event.grace === undefined ? history.toolNames : [COMPLETE]);
      history.grace = event.grace ?? null;
      history.rejected = 0;
      history.pauses = 0;
      history.folds = 0;
      return;
    case "reply_rejected":
      history.rejected += 1;
      addCost(history, event);
      return;
    case "model_replied": {
      const content = readReply(event.raw);
      addCost(history, event);
      if (event.grace === undefined) history.turnsUsed += 1;
      add(history, { role: "assistant", raw: event.raw, content });
      if (event.usage !== null) history.lastUsage = { usage: event.usage, messages: history.messages.length };
      if (event.isPaused) {
        history.pauses += 1;
        return;
      }
      history.phase = "acting";
      history.calls = content.calls;
      history.answers = [];
      history.open.clear();
      if (content.calls.length > 0) add(history, { role: "tool", answers: history.answers });
      else history.prematureStops += 1;
      return;
    }
    case "model_replaced":
      history.refusedModels.add(toModelText(event.from));
      return;
    case "request_failed":
      if (event.withoutImages) history.imagesFrom = history.messages.length;
      return;
    case "tool_call_started":
      history.open.set(event.index, event);
      history.answersTo.delete(aboutKey({ kind: "in_doubt_call", turn: event.turn, index: event.index }));
      return;
    case "workflow_call_started":
      history.answersTo.delete(aboutKey({ kind: "in_doubt_workflow_call", call: event.call }));
      return;
    case "workflow_call_refused":
      history.ownCalls += 1;
      return;
    case "workflow_call_finished":
      history.ownCalls += 1;
      keepBlobs(history, workflowResultId(event.call), event);
      rememberFiles(history.files, event.files ?? []);
      return;
    case "tool_call_finished":
      countDeadly(history, event);
      addAnswer(history, event.index, event.isError, event.text, event.attachments);
      keepBlobs(history, resultId(event.turn, event.index), event);
      rememberFiles(history.files, event.files ?? []);
      countRepetition(history, event.index, event.text);
      return;
    case "tool_call_refused":
      countDeadly(history, event);
      addAnswer(history, event.index, true, event.reason);
      // Only the first `complete` of a turn is an attempt.
      if (event.tool === COMPLETE) {
        if (history.calls.findIndex(({ name }) => name === COMPLETE) === event.index) history.completeRefusals += 1;
      } else countRepetition(history, event.index, null);
      return;
    case "sampling_requested":
      history.samplings += 1;
      return;
    case "sampling_replied":
      addCost(history, event);
      return;
    case "message_injected":
      add(history, { role: "user", text: event.text }, sourceOf(event, source));
      if (event.sent !== undefined) history.unread.delete(event.sent);
      return;
    case "context_folded":
      addCost(history, event);
      beginAnew(history, event);
      return;
    case "step_entered":
      history.steps += 1;
      return;
    case "message_sent":
      history.unread.set(event.id, event.text);
      return;
    case "child_spawned":
      history.children.add(event.child);
      return;
    case "child_reported":
      history.children.delete(event.child);
      history.reportedChildren.add(event.child);
      return;
    case "question_asked":
      history.questions += 1;
      return;
    case "question_answered":
      history.answersTo.set(aboutKey(event.about), event);
      history.deaths = null; // a person has decided anew
      return;
    default:
      return;
  }
}

/** The calls of the last reply that have no answer yet, with their index in the reply. */
export function unanswered({
  calls,
  answers,
}: History): readonly { readonly call: ToolCall; readonly index: number }[] {
  return calls.flatMap((call, index) => (answers[index] === undefined ? [{ call, index }] : []));
}

/** The call that is made next: calls that are judged after the others come last. Undefined where none is left. */
export function nextCall(history: History): { readonly call: ToolCall; readonly index: number } | undefined {
  const left = unanswered(history);
  return left.find(({ call }) => isWork(call.name)) ?? left[0];
}

/** How many processes in a row have died where the run stands now. */
export function deathsHere(history: History): number {
  const { deaths } = history;
  const { turn, at, ownCalls } = placeOf(history);
  const isHere = deaths !== null && deaths.turn === turn && deaths.at === at && deaths.ownCalls === ownCalls;
  return isHere ? deaths.count : 0;
}

/** Whether a process has died in this turn: then each thing is saved before the next is begun, to find the one that kills. */
export function hasDiedInTurn({ deaths, turn }: History): boolean {
  return deaths?.turn === turn;
}

/** How often this call was given up because processes died in it. */
export function timesDeadly({ deadly }: History, call: ToolCall): number {
  return deadly.size === 0 ? 0 : (deadly.get(signature(call)) ?? 0);
}

function placeOf(history: History): Omit<Deaths, "count"> {
  const { turn, phase, ownCalls } = history;
  const at = phase === "asking" ? "request" : phase === "acting" ? nextCall(history)?.index : undefined;
  return { turn, at: at ?? "between", ownCalls };
}

function countDeath(history: History): void {
  history.deaths = { ...placeOf(history), count: deathsHere(history) + 1 };
}

function countDeadly(history: History, { index, code }: { readonly index: number; readonly code?: string }): void {
  const call = history.calls[index];
  if (code === PROCESS_DIED && call) history.deadly.set(signature(call), timesDeadly(history, call) + 1);
}

/** How often the same call with the same arguments has got the same answer, up to the last call and without another in between. */
export function repetitionsOf(history: History, call: ToolCall): number {
  return history.repetition.call === signature(call) ? history.repetition.count : 0;
}

/** Whether two calls have the same tool and the same arguments. */
export function isSameCall(left: ToolCall, right: ToolCall): boolean {
  return left === right || signature(left) === signature(right);
}

function add(history: History, message: Message, source: Mark["source"] = null): void {
  history.messages.push(message);
  history.marks.push({ turn: history.turn, source, step: history.steps });
}

/** The source of a message that comes right behind the event and names none. */
function sourceAfter(event: RunEvent): Mark["source"] {
  if (event.type === "run_created") return event.continues === undefined ? null : "task";
  return event.type === "question_answered" || (event.type === "run_resumed" && event.by === "request")
    ? "person"
    : null;
}

function sourceOf({ done, sent }: Extract<RunEvent, { type: "message_injected" }>, before: Mark["source"]) {
  if (done !== undefined) return "step";
  return sent === undefined ? before : "person";
}

/** The conversation goes on in a new array. */
function beginAnew(history: History, event: Extract<RunEvent, { type: "context_folded" }>): void {
  const { messages, marks, indexes } = folded(history, event.fold, event.summary);
  const [tools] = history.declaredTools.slice(-1);
  history.imagesFrom = indexes.filter((index) => index < history.imagesFrom).length;
  history.messages = messages;
  history.marks = marks;
  history.declaredTools = tools === undefined ? [] : [{ ...tools, from: 0 }];
  history.lastUsage = null;
  history.folds += 1;
  history.foldedTo = event.after;
  if (event.isLearned) history.windows.set(toModelText(event.model), event.window);
}

/** The requests from here on declare these tools. */
function declare({ declaredTools, messages }: History, tools: readonly string[]): void {
  const last = declaredTools.at(-1)?.tools;
  if (last !== undefined && last.length === tools.length && tools.every((tool) => last.includes(tool))) return;
  declaredTools.push({ from: messages.length, tools });
}

function addCost(history: History, { costUsd = null, usage }: Paid & { readonly usage: Usage | null }): void {
  history.spentUsd = addCosts(history.spentUsd, costUsd);
  if (usage === null) return;
  history.spentTokens += tokensOf(usage);
  history.longestReply = Math.max(history.longestReply, usage.output + usage.thinking);
}

function keepBlobs(history: History, id: string, { blob, attachments = [] }: KeptAnswer): void {
  if (blob !== undefined) history.blobs.set(id, blob);
  for (const attachment of attachments) history.blobs.set(attachment.id, attachment.blob);
}

/** A caller resumes the run: its counts of failures begin anew, and a turn that had come to its end is over. */
function reopen(history: History, grants: Grants): void {
  Object.assign(history, totalGrants(history, grants));
  resetFailures(history);
  if (!history.ended && history.grace === null) return;
  const isOver = history.grace !== null || (history.phase === "acting" && unanswered(history).length === 0);
  if (isOver) history.phase = "between";
  history.grace = null;
}

function totalGrants(
  history: History,
  { moreTurns = 0, moreSeconds = 0, moreCostUsd = 0, moreTokens = 0 }: Grants,
): Required<Grants> {
  return {
    moreTokens: history.moreTokens + moreTokens,
    moreTurns: history.moreTurns + moreTurns,
    moreSeconds: history.moreSeconds + moreSeconds,
    moreCostUsd: history.moreCostUsd + moreCostUsd,
  };
}

/** Another run continues the history, with limits of its own. */
function continueFrom(history: History): void {
  resetFailures(history);
  history.phase = "between";
  history.ended = false;
  history.grace = null;
  history.turnsUsed = 0;
  history.samplings = 0;
  history.moreTurns = 0;
  history.moreSeconds = 0;
  history.moreCostUsd = 0;
  history.moreTokens = 0;
  history.spentUsd = 0;
  history.spentTokens = 0;
  history.children.clear();
  history.reportedChildren.clear();
}

function resetFailures(history: History): void {
  history.refusedModels.clear();
  history.completeRefusals = 0;
  history.prematureStops = 0;
  history.rejected = 0;
  history.repetition = { call: "", answer: "", count: 0 };
  history.deaths = null;
  history.deadly.clear();
}

function addAnswer(
  history: History,
  index: number,
  isError: boolean,
  text: string,
  attachments: KeptAnswer["attachments"] = [],
): void {
  history.open.delete(index);
  const call = history.calls[index];
  const images = attachments.filter(isImage).map(({ blob, size }) => ({ blob, size }));
  if (call) history.answers[index] = { call, isError, text, ...(images.length > 0 ? { images } : {}) };
}

function isImage({ kind, mimeType }: KeptAttachment): boolean {
  return kind === "image" || mimeType?.startsWith("image/") === true;
}

/** A refused call (answer null) counts as one more repetition: the agent saw the refusal and made the call again. */
function countRepetition(history: History, index: number, answered: string | null): void {
  const madeCall = history.calls[index];
  if (!madeCall) return;
  const call = signature(madeCall);
  const last = history.repetition;
  const same = call === last.call && (answered === null || answered === last.answer);
  history.repetition = same ? { ...last, count: last.count + 1 } : { call, answer: answered ?? "", count: 1 };
}

function signature(call: ToolCall): string {
  return `${call.name} ${JSON.stringify(call.arguments)}`;
}
