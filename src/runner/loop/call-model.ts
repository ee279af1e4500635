/** One reply of the model: asks, makes a failed request again, and asks twice more where a reply is no answer. */
import { ProviderError } from "../../core/errors.js";
import type { ReadReply } from "../../core/journal/history-state.js";
import type { ModelActivity, ModelReply, Patience } from "../../core/ports/provider.js";
import type { Commit, RunStore } from "../../core/ports/run-store.js";
import { costOf, tokensOf } from "../../core/run/cost.js";
import type { ReplyContent } from "../../core/run/message.js";
import type { RunFailure } from "../../core/run/run.js";
import type { Image } from "../../core/tools/image.js";
import { jsonSize } from "../../lib/json/json-size.js";
import { cutTo } from "../../lib/text.js";
import { judgeFailure, pause, shown } from "../calls/judge-failure.js";
import type { RunContext } from "../state/turn-context.js";
import { chooseImages } from "./choose-images.js";
import { carryOutFold, dueFold, type FoldContext, foldAfterOverflow, overflowMessage } from "./fold-context.js";
import { requestReply } from "./request-reply.js";
import { type Reserved, reserveRequest } from "./reserve-request.js";
import { systemPrompt } from "./system-prompt.js";

export type ModelResult =
  | { readonly kind: "replied"; readonly content: ReplyContent }
  | { readonly kind: "failed"; readonly failure: RunFailure }
  /** The model refused to serve, and another is asked instead. */
  | { readonly kind: "replaced" }
  /** The limits leave no room for the request, or for another one after a rejected reply. */
  | { readonly kind: "spent" }
  | { readonly kind: "stopped" };

export interface CallModelContext extends FoldContext, Pick<RunContext, "secondsLeft" | "budgetLines"> {
  readonly grace: boolean;
  readonly budget: RunContext["budget"];
  readonly readBlob: RunStore["getBlob"];
  /** Records the messages that were sent to the agent before the last commit; false where there is none. */
  deliverMail(): Promise<boolean>;
}

const MOST_CALLS = 500; // of one reply; more is no plan
const MOST_LEVELS = 1_000; // of a reply; the code that redacts and stores it recurses
const LONGEST_TEXT = 1_000_000; // characters of a rejected reply; four times what vendors let a model write at once
const MAX_REPLIES = 3; // the first and two more
const MAX_PAUSES = 20; // of one turn; each is paid

/** Yields the events to save before each request; records the reply, to be saved with the events that follow it. */
export async function* callModel(context: CallModelContext): AsyncGenerator<Commit, ModelResult> {
  const { state } = context;
  const { price } = context.asked;
  for (let replies = state.history.rejected + 1; ; replies++) {
    const asked = yield* askUntilAnswered(context);
    if (asked.kind !== "answered") return asked;
    const { reply } = asked;
    const { turn } = state.history;
    const costUsd = reply.costUsd ?? costOf(reply.usage, price);
    const judged = judgeReply(reply, context.readReply, state.history.pauses < MAX_PAUSES);
    if (judged.kind !== "rejected") {
      const { raw, warnings } = judged;
      const { usage } = reply;
      const grace = context.grace ? { grace: true as const } : {};
      const paused = judged.kind === "paused" ? { isPaused: true as const } : {};
      const noted = warnings === undefined ? {} : { warnings };
      state.record({ type: "model_replied", turn, ...grace, ...paused, ...noted, raw, usage, costUsd });
      if (judged.kind === "replied") return { kind: "replied", content: judged.content };
      replies = 0;
      continue;
    }
    const { code, reason, askAgain } = judged;
    const text = judged.text ? { text: cutTo(judged.text, LONGEST_TEXT) } : {};
    state.record({ type: "reply_rejected", turn, code, reason, ...text, usage: reply.usage, costUsd });
    const isOverflow = code === "context_overflow";
    const counted = reply.usage && tokensOf(reply.usage);
    const fold = isOverflow ? foldAfterOverflow(context, reason, counted) : null;
    const mayAskAgain = fold !== null || (askAgain && !isOverflow && replies < MAX_REPLIES);
    const isSpent = mayAskAgain && (await context.budget.breach()) !== null;
    if (isSpent && !context.grace) return { kind: "spent" };
    if (!mayAskAgain && isOverflow && context.asked.next !== null) {
      const { name: from, next: to } = context.asked;
      state.record({ type: "model_replaced", turn, from, to, code, reason: shown(reason) });
      return { kind: "replaced" };
    }
    const why = isOverflow ? overflowMessage(shown(reason)) : shown(reason);
    if (!mayAskAgain || isSpent) return { kind: "failed", failure: { code, message: why } };
    if (fold === null) state.record({ type: "message_injected", text: complaint(code) });
    else yield* carryOutFold(fold, context);
  }
}

type Asked = { readonly kind: "answered"; readonly reply: ModelReply } | Exclude<ModelResult, { kind: "replied" }>;

/** Makes one request, and again after each failure that may pass. */
async function* askUntilAnswered(context: CallModelContext): AsyncGenerator<Commit, Asked> {
  const { state, signal, stall, deliverMail } = context;
  let waitedMs = 0;
  let reserved: Reserved | null = null; // held until the reply, through all tries
  for (let made = 1; ; made++) {
    if (reserved === null) {
      const due = signal.aborted ? null : dueFold(context);
      if (due !== null) yield* carryOutFold(due, context);
      reserved = yield* reserveRequest(context);
    } else yield state.flush();
    if (reserved.kind !== "reserved") return reserved;
    if (!signal.aborted && (await deliverMail())) yield state.flush(); // mail from before the commit goes with the request
    if (signal.aborted) return { kind: "stopped" };
    const images = await chooseImages(state.history, context.asked.provider, context.request.limits, context.readBlob);
    let hasBegun = false;
    const onActivity = (activity: ModelActivity) => {
      hasBegun ||= activity.kind !== "wait";
      context.onActivity(activity);
    };
    const reply = await replyOrError({ ...context, onActivity }, images, reserved.outputTokens);
    if (reply === null || (signal.aborted && reply instanceof ProviderError)) return { kind: "stopped" };
    if (!(reply instanceof ProviderError)) return { kind: "answered", reply };
    const { name: from, next: to } = context.asked;
    const hasNext = to !== null;
    const { event, waitMs, failure } = judgeFailure(reply, { made, waitedMs }, context, { hasNext, hasBegun });
    if (reply.code === "invalid_request" && images.size > 0) {
      state.record({ ...event, waitMs: 0, withoutImages: true }); // one of them may be damaged, and would end the run
      continue;
    }
    const fold = reply.code === "context_overflow" ? foldAfterOverflow(context, event.reason, null) : null;
    if (fold !== null) {
      state.record({ ...event, waitMs: 0 });
      yield* carryOutFold(fold, context);
      reserved = null;
      continue;
    }
    state.record(event);
    if (waitMs === null && to !== null) {
      state.record({ type: "model_replaced", turn: event.turn, from, to, code: event.code, reason: event.reason });
      return { kind: "replaced" };
    }
    if (waitMs === null && reply.code === "context_overflow")
      return { kind: "failed", failure: { ...failure, message: overflowMessage(failure.message) } };
    if (waitMs === null) return { kind: "failed", failure };
    yield state.flush();
    await stall.during(pause(waitMs, signal));
    waitedMs += waitMs;
    if (!context.grace && (await context.budget.breach()) !== null) return { kind: "spent" }; // by others meanwhile
  }
}

async function replyOrError(
  { request, tools, asked, state, signal, stall, secondsLeft, onActivity }: CallModelContext,
  images: ReadonlyMap<string, Image>,
  maxOutputTokens: number | null,
) {
  const { messages, declaredTools } = state.history;
  const system = systemPrompt(request);
  const settings = { ...asked.settings, maxOutputTokens };
  const patience: Patience = { millisecondsLeft: () => secondsLeft() * 1000, during: stall.during };
  const sent = { system, messages, tools, declaredTools, images, settings, onActivity, patience };
  return await requestReply(asked, sent, { request, signal, stall });
}

/** Rejects a reply without text and calls, one with too many calls, and one that is nested too deeply to be kept. */
function judgeReply(reply: ModelReply, readReply: ReadReply, mayPause: boolean) {
  if (!reply.ok) return { kind: "rejected", ...reply } as const;
  if (jsonSize(reply.raw).levels > MOST_LEVELS) {
    const reason = `the model replied with something that is nested more than ${MOST_LEVELS} levels deep`;
    return { kind: "rejected", code: "malformed_reply", reason, askAgain: true } as const;
  }
  const content = readReply(reply.raw);
  if (content.calls.length > MOST_CALLS) {
    const reason = `the model asked for ${content.calls.length} calls at once; ${MOST_CALLS} is the most`;
    return { kind: "rejected", code: "malformed_reply", reason, text: content.text, askAgain: true } as const;
  }
  if (reply.isPaused && mayPause && content.calls.length === 0) return { ...reply, kind: "paused", content } as const;
  if (content.text.trim() === "" && content.calls.length === 0) {
    const reason = "the model replied with neither text nor a call";
    return { kind: "rejected", code: "empty_reply", reason, text: "", askAgain: true } as const;
  }
  return { ...reply, kind: "replied", content } as const;
}

function complaint(code: string): string {
  switch (code) {
    case "truncated_reply":
      return "Your last reply was cut off because it was too long, so it was dropped. Reply again, shorter.";
    case "malformed_reply":
      return "Your last reply held a malformed tool call, so it was dropped. Reply again with well-formed calls.";
    default:
      return "Your last reply was empty or withheld, so it was dropped. Reply again.";
  }
}
