/** A fold: what becomes of the messages of a conversation that has grown too long. */

import { pairSafe } from "../../lib/text.js";
import type { Message, ReplyCounts, ToolAnswerMessage } from "../run/message.js";
import { toModelText } from "../run/model-name.js";
import { READ_RESULT } from "../tools/tool.js";
import type { Fold } from "./event.js";
import type { History, Place } from "./history-state.js";
import { resultId } from "./result-id.js";

export type Conversation = Readonly<Pick<History, "messages" | "places" | "steps">>;

/** A message with where it comes from. */
export interface PlacedMessage {
  readonly message: Message;
  readonly place: Place;
}

export interface FoldedConversation {
  readonly messages: Message[];
  readonly places: Place[];
  /** The place that each message had before. */
  readonly origins: readonly number[];
  /** The messages in whose place the summary stands. */
  readonly replaced: readonly PlacedMessage[];
}

/**
 * The conversation after a fold, in new arrays. The task, the instructions of the present step and the turns behind the fold
 * stay as they were, as do the newest messages of people and of earlier steps.
 */
export function folded(conversation: Conversation, fold: Fold, summary: string | null): FoldedConversation {
  const { messages, places } = conversation;
  const cut = cutBehind(conversation, fold.throughTurn);
  const kept = keptBefore(cut, conversation, fold.keptLength);
  const all = messages.map((message, index) => ({ message, place: places[index] ?? NOWHERE, index }));
  const replaced = all.filter(({ index }) => index < cut && !kept.has(index));
  const left = all
    .filter(({ index }) => index >= cut || kept.has(index))
    .map((placed) => ({ ...placed, message: shortened(placed, fold) }));
  const summaries = summary === null ? [] : [summaryOf(summary, replaced, fold)];
  const front = kept.has(0) ? 1 : 0;
  const result = [...left.slice(0, front), ...summaries, ...left.slice(front)];
  return {
    messages: result.map(({ message }) => message),
    places: result.map(({ place }) => place),
    origins: result.map(({ index }) => index),
    replaced,
  };
}

const NOWHERE: Place = { turn: 0, source: null, step: 0 };

/** The index behind the last reply or answers of the turn. */
function cutBehind({ messages, places }: Conversation, turn: number): number {
  if (turn === 0) return 0;
  return messages.findLastIndex(({ role }, index) => role !== "user" && (places[index]?.turn ?? 0) <= turn) + 1;
}

/** The indexes of the messages before `cut` that stay. */
function keptBefore(cut: number, { messages, places, steps }: Conversation, most: number): ReadonlySet<number> {
  const kept = new Set<number>();
  const lastTask = places.findLastIndex(({ source }) => source === "task");
  let left = most;
  for (let index = cut - 1; index >= 0; index--) {
    const [message, place = NOWHERE] = [messages[index], places[index]];
    if (message?.role !== "user" || place.source === null) continue;
    const isTask = place.source === "task" && (index === 0 || index === lastTask);
    const isPresent = place.source === "step" && (place.step === steps || place.step === 0);
    if (!isTask && !isPresent) {
      left -= message.text.length;
      if (left < 0) continue;
    }
    kept.add(index);
  }
  return kept;
}

function shortened({ message, place }: PlacedMessage, { headsThrough, headLength }: Fold): Message {
  switch (message.role) {
    case "user":
      return message;
    case "assistant":
      return { ...message, isFolded: true };
    case "tool": {
      if (place.turn > headsThrough) return message;
      const toHead = (answer: ToolAnswerMessage, index: number) =>
        headOf(answer, resultId(place.turn, index), headLength);
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

function summaryOf(summary: string, replaced: readonly PlacedMessage[], { throughTurn }: Fold) {
  const text = [
    `[The conversation up to your turn ${throughTurn} was folded, since it filled your context window. A summary stands in its place:]`,
    summary,
    `[End of the summary. ${READ_RESULT} still reads the results of those turns: id "r" + turn + "." + position of the call from 0.]`,
  ].join("\n");
  const place: Place = { turn: throughTurn, source: null, step: 0 };
  return { message: { role: "user", text, replaced: countReplies(replaced) } as const, place, index: 0 };
}

function countReplies(replaced: readonly PlacedMessage[]): ReplyCounts {
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
