/** Folds the conversation of a run before it is longer than the context window of its model. */
import type { RunEvent } from "../../core/journal/event.js";
import { folded } from "../../core/journal/folded.js";
import { FOLDED_TO, type FoldPlan, FULL_AT, planFold } from "../../core/journal/plan-fold.js";
import type { Commit, RunStore } from "../../core/ports/run-store.js";
import { namedLengths } from "../../core/run/context-window.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { toModelText } from "../../core/run/model-name.js";
import { type Overhead, tokensOfNext, tokensOfOverhead, tokensReckoned } from "../../core/run/tokens.js";
import type { RunContext } from "../state/turn-context.js";
import { type SummaryContext, summarise } from "./summarise.js";
import { systemPrompt } from "./system-prompt.js";

export interface FoldContext extends SummaryContext, Pick<RunContext, "run"> {
  readonly tools: readonly ToolDeclaration[];
  readonly lastEvents: RunStore["lastEvents"];
}

/** A fold that is possible, and the window for which it is made. */
export interface ContextFold extends FoldPlan {
  readonly window: number;
  readonly isLearned: boolean;
  /** Tokens of the next request without the fold. */
  readonly before: number;
}

const MOST_FOLDS = 4; // of a turn, each smaller than the one before
const GROWTH = 0.1; // of the window, from one fold to the next
const TURNS_AT_A_TIME = 50;

/** The fold that is due before the next request; null where the window has room, or is not known. */
export function dueFold(context: FoldContext): ContextFold | null {
  const { history } = context.state;
  const window = windowOf(context);
  if (window === null || history.folds > 0 || history.pauses > 0) return null;
  const { counted, reckoned } = tokensOfNext(history, overheadOf(context));
  const before = counted + reckoned;
  if (before <= window * FULL_AT || before < history.foldedTo + window * GROWTH) return null;
  return planned(context, { window, isLearned: false, before }, window * FOLDED_TO);
}

/**
 * The fold after the model refused a request, or broke a reply off, because its context window was full. Null where none is
 * left to make. `sent` are the tokens that the vendor counted, where it did.
 */
export function foldAfterOverflow(context: FoldContext, reason: string, sent: number | null): ContextFold | null {
  const { history } = context.state;
  if (history.folds >= MOST_FOLDS) return null;
  const before = tokensReckoned(history.messages, overheadOf(context)); // the counts of a vendor that refuses what they allow are of no use
  const named = namedLengths(reason, before);
  const known = windowOf(context) ?? Number.POSITIVE_INFINITY;
  const window = Math.min(known, named.limit ?? sent ?? before);
  // The vendor may count more tokens in the same text than legwork reckons.
  const ratio = Math.min(1, before / (named.sent ?? sent ?? Math.max(window, before)));
  const room = window * FOLDED_TO * ratio * 2 ** -history.folds;
  return planned(context, { window, isLearned: true, before }, room);
}

/** The failure of a run whose conversation cannot be folded any further. */
export function overflowMessage(reason: string): string {
  return `${reason}; the conversation cannot be folded any further: give the run a shorter task and context, fewer tools or a model with a larger context window`;
}

/** Yields what is to be saved before the next request: the fold, with the summary that the model makes for it. */
export async function* carryOutFold(fold: ContextFold, context: FoldContext): AsyncGenerator<Commit, void> {
  const { state, asked } = context;
  const { turn } = state.history;
  yield state.flush(); // the request for the summary is an effect too
  const summary = fold.fold.throughTurn === 0 ? NO_SUMMARY : yield* summarise(fold, context);
  if (context.signal.aborted) return;
  const { messages } = folded(state.history, fold.fold, summary.text);
  const event: RunEvent = {
    type: "context_folded",
    turn,
    throughSeq: await seqBehind(fold.fold.throughTurn || fold.fold.headsThrough, context),
    fold: fold.fold,
    summary: summary.text,
    ...(summary.reason === null ? {} : { reason: summary.reason }),
    model: asked.name,
    window: fold.window,
    ...(fold.isLearned ? { isLearned: true as const } : {}),
    before: fold.before,
    after: tokensReckoned(messages, overheadOf(context)),
    usage: summary.usage,
    costUsd: summary.costUsd,
  };
  state.record(event);
  yield state.flush();
}

const NO_SUMMARY = { text: null, reason: null, usage: null, costUsd: 0 } as const;

function planned(
  context: FoldContext,
  facts: Pick<ContextFold, "window" | "isLearned" | "before">,
  room: number,
): ContextFold | null {
  const plan = planFold(
    context.state.history,
    room - tokensOfOverhead(overheadOf(context)),
    context.request.limits.maxImages,
  );
  return plan && { ...plan, ...facts };
}

/** The smaller of the window that is known and the one that a refusal named. */
function windowOf({ asked, state }: FoldContext): number | null {
  const learned = state.history.windows.get(toModelText(asked.name)) ?? null;
  if (asked.window === null || learned === null) return asked.window ?? learned;
  return Math.min(asked.window, learned);
}

/** The rest of each request beside its messages. */
function overheadOf({ request, tools }: FoldContext): Overhead {
  return { system: systemPrompt(request), tools, mostImages: request.limits.maxImages };
}

/** The seq of the run's last event up to the end of a turn; 0 where that turn is one of a run that this one continues. */
async function seqBehind(turn: number, { run, lastEvents }: FoldContext): Promise<number> {
  let beforeSeq: number | null = null;
  for (;;) {
    const query = { type: "turn_started", beforeSeq, limit: TURNS_AT_A_TIME } as const;
    const begun = await lastEvents(run.id, query);
    const later = begun.filter(({ event }) => event.type === "turn_started" && event.turn > turn);
    beforeSeq = later.at(-1)?.seq ?? beforeSeq;
    if (begun.length === 0) return 0;
    if (later.length < begun.length) return (beforeSeq ?? 1) - 1;
  }
}
