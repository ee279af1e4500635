/** The fold of a conversation that has grown too long. */

import { pairSafe } from "../../lib/text.js";
import type { Message, ReplyCounts, ToolAnswerMessage } from "../run/message.js";
import { toModelText } from "../run/model-name.js";
import { READ_RESULT } from "../tools/tool.js";
import type { Fold } from "./event.js";
import type { History, Mark } from "./history-state.js";
import { resultId } from "./result-id.js";

export type Conversation = Readonly<Pick<History, "messages" | "marks" | "steps">>;

/** A message with where it comes from. */
export interface MarkedMessage {
  readonly message: Message;
  readonly mark: Mark;
}

export interface FoldedConversation {
  readonly messages: Message[];
  readonly marks: Mark[];
  /** The index that each message had before. */
  readonly indexes: readonly number[];
  /** The messages in whose place the summary stands. */
  readonly replaced: readonly MarkedMessage[];
}

/**
 * The conversation after a fold, in new arrays. The task, the instructions of the present step and the turns behind the fold
 * stay as they were, as do the newest messages of people and of earlier steps.
 */
export function folded(conversation: Conversation, fold: Fold, summary: string | null): FoldedConversation {
  const { messages, marks } = conversation;
  const cut = cutBehind(conversation, fold.throughTurn);
  const kept = keptBefore(cut, conversation, fold.keptLength);
  const all = messages.map((message, index) => ({ message, mark: marks[index] ?? NOWHERE, index }));
  const replaced = all.filter(({ index }) => index < cut && !kept.has(index));
  const left = all
    .filter(({ index }) => index >= cut || kept.has(index))
    .map((marked) => ({ ...marked, message: shortened(marked, fold) }));
  const summaries = summary === null || cut === 0 ? [] : [summaryOf(summary, replaced, fold)];
  const front = kept.has(0) ? 1 : 0;
  const mark: Mark = { ...(marks.at(-1) ?? NOWHERE), source: null };
  const notice = { message: { role: "user", text: NOTICE } as const, mark, index: messages.length };
  const result = [...left.slice(0, front), ...summaries, ...left.slice(front), notice];
  return {
    messages: result.map(({ message }) => message),
    marks: result.map(({ mark }) => mark),
    indexes: result.map(({ index }) => index),
    replaced,
  };
}

/** At the end, so that vendors take the replies before it for finished: of replies still at work they want the thinking. */
const NOTICE = `[The conversation has filled your context window, so its older part was shortened. ${READ_RESULT} still reads all results. Continue your task.]`;

const NOWHERE: Mark = { turn: 0, source: null, step: 0 };

/** The index behind the last reply or answers of the turn. */
function cutBehind({ messages, marks }: Conversation, turn: number): number {
  if (turn === 0) return 0;
  return messages.findLastIndex(({ role }, index) => role !== "user" && (marks[index]?.turn ?? 0) <= turn) + 1;
}

/** The indexes of the messages before `cut` that stay. */
function keptBefore(cut: number, { messages, marks, steps }: Conversation, most: number): ReadonlySet<number> {
  const kept = new Set<number>();
  const lastTask = marks.findLastIndex(({ source }) => source === "task");
  let left = most;
  for (let index = cut - 1; index >= 0; index--) {
    const [message, mark = NOWHERE] = [messages[index], marks[index]];
    if (message?.role !== "user" || mark.source === null) continue;
    const isTask = mark.source === "task" && (index === 0 || index === lastTask);
    const isPresent = mark.source === "step" && (mark.step === steps || mark.step === 0);
    if (!isTask && !isPresent) {
      left -= message.text.length;
      if (left < 0) continue;
    }
    kept.add(index);
  }
  return kept;
}

function shortened({ message, mark }: MarkedMessage, { headsThrough, headLength }: Fold): Message {
  switch (message.role) {
    case "user":
      return message;
    case "assistant":
      return { ...message, isFolded: true };
    case "tool": {
      if (mark.turn > headsThrough) return message;
      const toHead = (answer: ToolAnswerMessage, index: number) =>
        headOf(answer, resultId(mark.turn, index), headLength);
      return { role: "tool", answers: message.answers.map(toHead) };
    }
  }
}

/** Short enough that the head and its note are not longer than the answer. */
function headOf(answer: ToolAnswerMessage, id: string, length: number): ToolAnswerMessage {
  const { text } = answer;
  if (text.length <= 2 * Math.max(length, SHORT)) return answer;
  const end = pairSafe(text, length);
  const note = `[the rest of this result was left out when the conversation was folded; read on with ${READ_RESULT}(id: "${id}", offset: ${end})]`;
  return { ...answer, text: `${text.slice(0, end)}\n${note}` };
}

const SHORT = 300; // characters: an answer up to twice as long stays whole

/** The summary in the message of an earlier fold, without the lines around it. */
export function bareSummary(text: string): string {
  return text.split("\n").slice(1, -1).join("\n");
}

function summaryOf(summary: string, replaced: readonly MarkedMessage[], { throughTurn }: Fold) {
  const text = [
    `[The conversation up to your turn ${throughTurn} was folded, since it filled your context window. A summary stands in its place:]`,
    summary,
    `[End of the summary. ${READ_RESULT} still reads the results of those turns: id "r" + turn + "." + position of the call from 0.]`,
  ].join("\n");
  const mark: Mark = { turn: throughTurn, source: null, step: 0 };
  return { message: { role: "user", text, replaced: countReplies(replaced) } as const, mark, index: 0 };
}

function countReplies(replaced: readonly MarkedMessage[]): ReplyCounts {
  const counts: Record<string, number> = {};
  const add = (model: string, count: number) => {
    counts[model] = (counts[model] ?? 0) + count;
  };
  for (const { message } of replaced) {
    if (message.role === "assistant") add(toModelText(message.raw), 1);
    if (message.role === "user") for (const [model, count] of Object.entries(message.replaced ?? {})) add(model, count);
  }
  return counts;
}
