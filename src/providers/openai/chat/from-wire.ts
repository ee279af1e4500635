/** Converts the answer of chat completions to our reply. */
import type { ModelReply, ReplyFault } from "../../../core/ports/provider.js";
import type { ReplySource } from "../../../core/run/message.js";
import type { Usage } from "../../../core/run/run.js";
import { readArguments } from "../content/read-arguments.js";
import { Refused } from "../transport/refusal.js";
import type { ChatAnswer } from "./join-chunks.js";
import { callsOf, textOf } from "./read-reply.js";
import { costSchema, messageSchema, usageSchema } from "./wire.js";

interface Fault {
  readonly code: ReplyFault;
  readonly reason: string;
  readonly askAgain: boolean;
}

/** Ends that make a reply unusable. All others are judged by the content of the message: hosts name them freely. */
const FAULTS: Readonly<Record<string, ReplyFault>> = {
  length: "truncated_reply",
  max_tokens: "truncated_reply",
  model_length: "context_overflow",
  model_context_window_exceeded: "context_overflow",
  content_filter: "refused_reply",
  sensitive: "refused_reply",
};

/** Ends that stand for a failure of the host. */
const FAILURES: Readonly<Record<string, string>> = {
  error: "server_error",
  network_error: "server_error",
  insufficient_system_resource: "insufficient_system_resource",
};

interface ReplyingHost {
  /** Its name in sentences. */
  readonly title: string;
  /** Whether `cost` among its counts is money. */
  readonly tellsCost: boolean;
}

/** The reply in an answer, or the reason why there is none. Throws Refused where the host says that it failed. */
export function fromChatAnswer(answer: ChatAnswer, from: ReplySource, host: ReplyingHost): ModelReply {
  const { message, finishReason, model } = answer;
  const failure = FAILURES[finishReason ?? ""];
  if (failure !== undefined) {
    const text = `it ended its reply with ${finishReason}`;
    throw new Refused({ status: 200, message: text, code: failure, type: "", param: "", written: "" });
  }
  const usage = usageOf(answer.usage);
  const costUsd = host.tellsCost ? costOf(answer.usage) : {};
  const parsed = messageSchema.safeParse(message ?? {});
  const fault = faultOf(answer, parsed, host.title);
  const text = parsed.success ? textOf(parsed.data) : "";
  if (fault) return { ok: false, ...fault, text, usage, ...costUsd };
  const raw = { ...from, content: message, ...(model !== null && { modelVersion: model }) };
  return { ok: true, raw, usage, ...costUsd };
}

function faultOf(
  { finishReason }: ChatAnswer,
  parsed: ReturnType<typeof messageSchema.safeParse>,
  title: string,
): Fault | null {
  const ended = finishReason === null ? `${title} ended its reply` : `${title} ended its reply with ${finishReason}`;
  const code = FAULTS[finishReason ?? ""];
  if (code !== undefined) return { code, reason: ended, askAgain: code !== "context_overflow" };
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") || "its message";
    return { code: "malformed_reply", reason: `${ended}, but ${where} cannot be read`, askAgain: true };
  }
  const calls = callsOf(parsed.data);
  const broken = calls.find((call) => readArguments(call.function.arguments) === null);
  if (broken) {
    const reason = `${ended}, but the arguments of ${broken.function.name} are no JSON object`;
    return { code: "malformed_reply", reason, askAgain: true };
  }
  if (calls.length > 0) return null;
  const { refusal } = parsed.data;
  if (textOf(parsed.data).trim() !== "") return null;
  if (refusal) return { code: "refused_reply", reason: `${title} refused: ${refusal}`, askAgain: true };
  const wantedCalls = finishReason === "tool_calls" || finishReason === "function_call";
  return {
    code: wantedCalls ? "malformed_reply" : "empty_reply",
    reason: `${ended} without text and without a call`,
    askAgain: true,
  };
}

function costOf(counts: ChatAnswer["usage"]): { readonly costUsd?: number } {
  const parsed = costSchema.safeParse(counts);
  return parsed.success ? { costUsd: parsed.data.cost } : {};
}

/** The usage, or null where a count is missing that cannot be zero. */
function usageOf(counts: ChatAnswer["usage"]): Usage | null {
  const parsed = usageSchema.safeParse(counts);
  if (!parsed.success) return null;
  const { prompt_tokens: input, completion_tokens: completion, total_tokens: total, ...more } = parsed.data;
  const thinking = more.completion_tokens_details?.reasoning_tokens ?? more.reasoning_tokens ?? 0;
  // Most hosts count the thinking among the tokens of the reply; where the sum says otherwise, they do not.
  const isApart = thinking > completion || (thinking > 0 && total === input + completion + thinking);
  const cached = more.prompt_tokens_details?.cached_tokens ?? more.prompt_cache_hit_tokens ?? more.cached_tokens ?? 0;
  const cacheWrite = more.prompt_tokens_details?.cache_write_tokens ?? 0;
  return {
    input,
    output: isApart ? completion : completion - thinking,
    cached: Math.min(cached, input),
    thinking,
    ...(cacheWrite > 0 && { cacheWrite }),
  };
}
