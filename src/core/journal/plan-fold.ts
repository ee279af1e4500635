/** Chooses how much to fold: in one large step, so that it is rare. */
import { bytesOfTokens, tokensOfMessages } from "../run/tokens.js";
import type { Fold } from "./event.js";
import { type Conversation, folded, type MarkedMessage } from "./folded.js";

/** Parts of the context window: folded where more than FULL_AT is used, to at most FOLDED_TO. */
export const FULL_AT = 0.8;
export const FOLDED_TO = 0.5;
const LAST_TURNS = 0.25; // of what is left: as much of the newest turns stays as it was
const SUMMARY = 0.15; // of what is left
const KEPT_WORDS = 0.15; // of what is left: older messages of people and earlier steps
const LEAST_TURNS = 2; // stay, however long they are
const HEAD_LENGTH = 1_000; // characters
const SHORT_HEAD_LENGTH = 200; // where longer heads do not suffice
const WORTHWHILE = 0.9; // of the tokens before: a fold that leaves more is none

export interface FoldPlan {
  readonly fold: Fold;
  /** The messages that a summary is to replace. */
  readonly replaced: readonly MarkedMessage[];
  /** Tokens that the summary should have, and those that it may have. */
  readonly summaryTokens: number;
  readonly mostSummaryTokens: number;
}

/**
 * The mildest fold after which the messages and a summary have at most `room` tokens; where none is so short, the shortest.
 * Null where nothing worth it can be folded.
 */
export function planFold(conversation: Conversation, room: number, mostImages: number): FoldPlan | null {
  const before = tokensOfMessages(conversation.messages, mostImages);
  const summaryTokens = Math.max(0, Math.floor(room * SUMMARY));
  const keptLength = Math.max(0, bytesOfTokens(room * KEPT_WORDS));
  const { old, beforeLast, beforeNewest, newest } = turnsOf(conversation, room * LAST_TURNS, mostImages);
  const folds: readonly Fold[] = [
    { throughTurn: 0, headsThrough: old, headLength: HEAD_LENGTH, keptLength },
    { throughTurn: old, headsThrough: old, headLength: HEAD_LENGTH, keptLength },
    { throughTurn: 0, headsThrough: beforeNewest, headLength: HEAD_LENGTH, keptLength },
    { throughTurn: beforeLast, headsThrough: beforeNewest, headLength: HEAD_LENGTH, keptLength },
    { throughTurn: beforeLast, headsThrough: newest, headLength: HEAD_LENGTH, keptLength },
    { throughTurn: beforeLast, headsThrough: newest, headLength: SHORT_HEAD_LENGTH, keptLength: 0 },
  ];
  let last: (FoldPlan & { readonly after: number }) | null = null;
  for (const fold of folds) {
    const { messages, replaced } = folded(conversation, fold, null);
    const after = tokensOfMessages(messages, mostImages) + (fold.throughTurn > 0 ? summaryTokens : 0);
    last = { fold, replaced, summaryTokens, mostSummaryTokens: summaryTokens + Math.max(0, room - after), after };
    if (after <= room) break;
  }
  return last !== null && last.after <= before * WORTHWHILE ? last : null;
}

/** The last turn before those of the newest that fit into `tokens`, that before the last two, and the last two. */
function turnsOf({ messages, marks }: Conversation, tokens: number, mostImages: number) {
  const sizes = new Map<number, number>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "user") continue;
    const turn = marks[index]?.turn ?? 0;
    sizes.set(turn, (sizes.get(turn) ?? 0) + tokensOfMessages([message], mostImages));
  }
  const turns = [...sizes.keys()];
  let kept = 0;
  let sum = 0;
  for (const turn of turns.toReversed()) {
    sum += sizes.get(turn) ?? 0;
    if (kept >= LEAST_TURNS && sum > tokens) break;
    kept += 1;
  }
  return {
    old: turns.at(-kept - 1) ?? 0,
    beforeLast: turns.at(-LEAST_TURNS - 1) ?? 0,
    beforeNewest: turns.at(-2) ?? 0,
    newest: turns.at(-1) ?? 0,
  };
}
