/** The fold of a run's events: what the model is told next, and what the limits are measured on. */

import { type Effect, isBuiltIn } from "../tools/tool.js";
import { addCosts } from "./cost.js";
import type { Paid, RunEvent } from "./event.js";
import type { Message, RawReply, ReplyContent, ToolAnswerMessage, ToolCall } from "./message.js";
import { type Answer, aboutKey } from "./question.js";

/** Reads what a vendor's raw reply says; pure. */
export type ReadReply = (raw: RawReply) => ReplyContent;

/** The state of a conversation; only `recordEvent` changes it. */
export interface History {
  readonly messages: Message[];
  /** Number of the last turn begun; 0 before the first. */
  turn: number;
  /** Replies that count against max_turns: all but that of the grace turn. */
  turnsUsed: number;
  /** Calls of the last reply, and their answers by index. */
  calls: readonly ToolCall[];
  answers: ToolAnswerMessage[];
  /** The blobs of answers too large to show whole, by the id that `read_result` takes. */
  readonly blobs: Map<string, string>;
  /** Tools that have answered without error. */
  readonly succeeded: Set<string>;
  completeRefusals: number;
  prematureStops: number;
  repetition: Repetition;
  /** Questions of servers to the run's model. */
  samplings: number;
  /** Where the run goes on: with a new turn, with the request of the turn begun, or with the calls of the last reply. */
  phase: "between" | "asking" | "acting";
  ended: boolean;
  /** The limit that made the last turn the agent's one extra reply. */
  grace: string | null;
  /** Replies of the last turn that were no answer. */
  rejected: number;
  /** The calls of the last reply that were begun and have no answer, by index. */
  readonly open: Map<number, OpenCall>;
  /** What was granted beyond the limits of the request. */
  moreTurns: number;
  moreSeconds: number;
  moreCostUsd: number;
  /** What the run's own replies cost so far; null where that is not known. */
  spentUsd: number | null;
  /** The tools that the agent was last offered; null before the first turn. */
  offered: ReadonlySet<string> | null;
  /** Questions asked so far. */
  questions: number;
  /** The answers to questions, by what they were about. */
  readonly given: Map<string, Answer>;
  /** Runs that the agent has started and whose end it was not told yet. */
  readonly children: Set<string>;
  /** Messages that somebody sent and the agent has not got yet, by id. */
  readonly unread: Map<string, string>;
}

/** A call whose answer is not known. */
export interface OpenCall {
  readonly tool: string;
  /** As it was when the call was begun. */
  readonly effect: Effect;
}

/** How often in a row the same call got the same answer. */
interface Repetition {
  readonly call: string;
  readonly answer: string;
  readonly count: number;
}

export const COMPLETE = "complete";

/** The beginning of a conversation: what the agent is told first. */
export function createHistory(firstMessage: string): History {
  return {
    messages: [{ role: "user", text: firstMessage }],
    turn: 0,
    turnsUsed: 0,
    calls: [],
    answers: [],
    blobs: new Map(),
    succeeded: new Set(),
    completeRefusals: 0,
    prematureStops: 0,
    repetition: { call: "", answer: "", count: 0 },
    samplings: 0,
    phase: "between",
    ended: false,
    grace: null,
    rejected: 0,
    open: new Map(),
    moreTurns: 0,
    moreSeconds: 0,
    moreCostUsd: 0,
    spentUsd: 0,
    offered: null,
    questions: 0,
    given: new Map(),
    children: new Set(),
    unread: new Map(),
  };
}

/** Takes one event into the history. */
export function recordEvent(history: History, event: RunEvent, readReply: ReadReply): void {
  switch (event.type) {
    case "run_created":
      if (event.continues !== undefined) continueFrom(history);
      return;
    case "run_finished":
      history.ended = true;
      return;
    case "run_resumed":
      if (event.by === "request") reopen(history, event);
      history.ended = false;
      return;
    case "tools_resolved":
      history.offered = new Set(event.rulings.flatMap(({ allowed, tools }) => (allowed ? tools : [])));
      return;
    case "turn_started":
      history.turn = event.turn;
      history.phase = "asking";
      history.grace = event.grace ?? null;
      history.rejected = 0;
      return;
    case "reply_rejected":
      history.rejected += 1;
      pay(history, event);
      return;
    case "model_replied": {
      const content = readReply(event.raw);
      pay(history, event);
      if (event.grace === undefined) history.turnsUsed += 1;
      history.messages.push({ role: "assistant", raw: event.raw, content });
      history.phase = "acting";
      history.calls = content.calls;
      history.answers = [];
      history.open.clear();
      if (content.calls.length > 0) history.messages.push({ role: "tool", answers: history.answers });
      else history.prematureStops += 1;
      return;
    }
    case "tool_call_started":
      history.open.set(event.index, event);
      history.given.delete(aboutKey({ kind: "in_doubt_call", turn: event.turn, index: event.index }));
      return;
    case "workflow_call_started":
      history.given.delete(aboutKey({ kind: "in_doubt_workflow_call", call: event.call }));
      return;
    case "workflow_call_finished":
      keep(history, workflowResultId(event.call), event);
      return;
    case "tool_call_finished":
      answer(history, event.index, event.isError, event.text);
      keep(history, resultId(event.turn, event.index), event);
      if (!event.isError && !isBuiltIn(event.tool)) history.succeeded.add(event.tool);
      noteRepetition(history, event.index, event.text);
      return;
    case "tool_call_refused":
      answer(history, event.index, true, event.reason);
      // Only the first `complete` of a turn is an attempt.
      if (event.tool === COMPLETE) {
        if (history.calls.findIndex(({ name }) => name === COMPLETE) === event.index) history.completeRefusals += 1;
      } else noteRepetition(history, event.index, null);
      return;
    case "sampling_requested":
      history.samplings += 1;
      return;
    case "sampling_replied":
      pay(history, event);
      return;
    case "message_injected":
      history.messages.push({ role: "user", text: event.text });
      if (event.sent !== undefined) history.unread.delete(event.sent);
      return;
    case "message_sent":
      history.unread.set(event.id, event.text);
      return;
    case "child_spawned":
      history.children.add(event.child);
      return;
    case "child_reported":
      history.children.delete(event.child);
      return;
    case "question_asked":
      history.questions += 1;
      return;
    case "question_answered":
      history.given.set(aboutKey(event.about), event);
      return;
    default:
      return;
  }
}

/** The calls of the last reply that have no answer yet, with their places. */
export function unanswered({
  calls,
  answers,
}: History): readonly { readonly call: ToolCall; readonly index: number }[] {
  return calls.flatMap((call, index) => (answers[index] === undefined ? [{ call, index }] : []));
}

/** The id under which an agent reads on in a large answer of its own run. */
export function resultId(turn: number, index: number): string {
  return `r${turn}.${index}`;
}

/** The same for a call that the workflow itself made. */
export function workflowResultId(call: number): string {
  return `w${call}`;
}

/** How often the same call with the same arguments has just got the same answer, counting only an unbroken row. */
export function repetitionsOf(history: History, call: ToolCall): number {
  return history.repetition.call === signature(call) ? history.repetition.count : 0;
}

/** Whether two calls ask for the same. */
export function isSameCall(left: ToolCall, right: ToolCall): boolean {
  return left === right || signature(left) === signature(right);
}

function pay(history: History, { costUsd = null }: Paid): void {
  history.spentUsd = addCosts(history.spentUsd, costUsd);
}

function keep(history: History, id: string, { blob, attachments = [] }: Kept): void {
  if (blob !== undefined) history.blobs.set(id, blob);
  for (const part of attachments) history.blobs.set(part.id, part.blob);
}

type Kept = Pick<Extract<RunEvent, { type: "tool_call_finished" }>, "blob" | "attachments">;

/** Somebody wants the run to go on: what counted against it counts no more, and what had come to its end is over. */
function reopen(history: History, resumed: Extract<RunEvent, { type: "run_resumed" }>) {
  const { moreTurns = 0, moreSeconds = 0, moreCostUsd = 0 } = resumed;
  history.moreTurns += moreTurns;
  history.moreSeconds += moreSeconds;
  history.moreCostUsd += moreCostUsd;
  forgive(history);
  if (!history.ended && history.grace === null) return;
  const isOver = history.grace !== null || (history.phase === "acting" && unanswered(history).length === 0);
  if (isOver) history.phase = "between";
  history.grace = null;
}

/** Another run goes on from here with limits of its own. */
function continueFrom(history: History): void {
  forgive(history);
  history.phase = "between";
  history.ended = false;
  history.grace = null;
  history.turnsUsed = 0;
  history.samplings = 0;
  history.moreTurns = 0;
  history.moreSeconds = 0;
  history.moreCostUsd = 0;
  history.spentUsd = 0;
  history.children.clear();
}

function forgive(history: History): void {
  history.completeRefusals = 0;
  history.prematureStops = 0;
  history.rejected = 0;
  history.repetition = { call: "", answer: "", count: 0 };
}

function answer(history: History, index: number, isError: boolean, text: string): void {
  history.open.delete(index);
  const call = history.calls[index];
  if (call) history.answers[index] = { call, isError, text };
}

/** A refused call (answer null) keeps the row going: the agent was told, and asked again. */
function noteRepetition(history: History, index: number, answered: string | null): void {
  const made = history.calls[index];
  if (!made) return;
  const call = signature(made);
  const last = history.repetition;
  const same = call === last.call && (answered === null || answered === last.answer);
  history.repetition = same ? { ...last, count: last.count + 1 } : { call, answer: answered ?? "", count: 1 };
}

function signature(call: ToolCall): string {
  return `${call.name} ${JSON.stringify(call.arguments)}`;
}
