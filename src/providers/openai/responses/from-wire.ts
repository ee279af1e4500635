/** Converts a response to our reply. */
import type { ModelReply, ReplyFault } from "../../../core/ports/provider.js";
import type { ReplySource } from "../../../core/run/message.js";
import type { Usage } from "../../../core/run/run.js";
import { readArguments } from "../content/read-arguments.js";
import { callsOf, refusalTextOf, textOf } from "./read-reply.js";
import { itemsSchema, type ResponsesAnswer, type ResponsesItem, usageSchema } from "./wire.js";

interface Fault {
  readonly code: ReplyFault;
  readonly reason: string;
  readonly askAgain: boolean;
}

/** The reply in a response, or the reason why there is none. */
export function fromResponse(answer: ResponsesAnswer, from: ReplySource, title: string): ModelReply {
  const usage = usageOf(answer.usage);
  const parsed = itemsSchema.safeParse(answer.output ?? []);
  const fault = parsed.success
    ? faultOf(answer, parsed.data, title)
    : malformed(`${title} replied with items that cannot be read`);
  if (fault) return { ok: false, ...fault, text: parsed.success ? textOf(parsed.data) : "", usage };
  const raw = { ...from, content: answer.output, ...(answer.model !== undefined && { modelVersion: answer.model }) };
  return { ok: true, raw, usage };
}

function faultOf(
  { status, incomplete_details }: ResponsesAnswer,
  items: readonly ResponsesItem[],
  title: string,
): Fault | null {
  if (status === "incomplete") {
    const why = incomplete_details?.reason ?? "no reason";
    const code = why === "content_filter" ? "refused_reply" : "truncated_reply";
    return { code, reason: `${title} left its reply incomplete: ${why}`, askAgain: true };
  }
  const refusal = refusalTextOf(items);
  if (refusal !== "") return { code: "refused_reply", reason: `${title} refused: ${refusal}`, askAgain: true };
  const calls = callsOf(items);
  const broken = calls.find((call) => readArguments(call.arguments) === null);
  if (broken) return malformed(`${title} replied with arguments of ${broken.name} that are no JSON object`);
  if (calls.length > 0 || textOf(items).trim() !== "") return null;
  return { code: "empty_reply", reason: `${title} replied without text and without a call`, askAgain: true };
}

function malformed(reason: string): Fault {
  return { code: "malformed_reply", reason, askAgain: true };
}

/** The usage, or null where a count is missing that cannot be zero. */
function usageOf(counts: unknown): Usage | null {
  const parsed = usageSchema.safeParse(counts);
  if (!parsed.success) return null;
  const { input_tokens: input, output_tokens: total, input_tokens_details, output_tokens_details } = parsed.data;
  const thinking = Math.min(output_tokens_details?.reasoning_tokens ?? 0, total);
  const cacheWrite = input_tokens_details?.cache_write_tokens ?? 0;
  return {
    input,
    output: total - thinking,
    cached: Math.min(input_tokens_details?.cached_tokens ?? 0, input),
    thinking,
    ...(cacheWrite > 0 && { cacheWrite }),
  };
}
