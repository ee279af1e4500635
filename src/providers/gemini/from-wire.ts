/** Converts Gemini's response to our reply. */
import { ProviderError } from "../../core/errors.js";
import type { ModelReply } from "../../core/ports/provider.js";
import type { ReplySource } from "../../core/run/message.js";
import type { Usage } from "../../core/run/run.js";
import { readGeminiReply, rememberReply } from "./read-reply.js";
import { contentSchema, type GeminiCandidate, type GeminiResponse, responseSchema } from "./wire.js";

/** The reason why a response holds no reply. */
interface Fault {
  readonly code: Extract<ModelReply, { ok: false }>["code"];
  readonly reason: string;
  readonly askAgain: boolean;
}

const MALFORMED_REASONS = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "MISSING_THOUGHT_SIGNATURE",
  "TOO_MANY_TOOL_CALLS",
  "UNEXPECTED_TOOL_CALL",
]);

/** The reply in a response, or the reason why there is none. Throws ProviderError where it is no response of generateContent. */
export function fromGeminiResponse(response: unknown, from: ReplySource): ModelReply {
  const parsed = responseSchema.safeParse(response);
  if (!parsed.success) {
    throw new ProviderError("bad_response", "Gemini answered with something that is not a reply", {
      cause: parsed.error,
    });
  }
  const candidate = parsed.data.candidates?.[0];
  const fault = candidate ? faultOf(candidate) : faultWithoutCandidate(parsed.data);
  const usage = usageOf(parsed.data, fault === null);
  if (fault) return { ok: false, ...fault, text: textIn(candidate?.content), usage };
  const { modelVersion } = parsed.data;
  const raw = { ...from, content: candidate?.content, ...(modelVersion !== undefined && { modelVersion }) };
  return { ok: true, raw, usage };
}

/** The usage, or null where a count is missing that cannot be zero; `hasReply` says that the count of the reply cannot. */
function usageOf({ usageMetadata }: GeminiResponse, hasReply: boolean): Usage | null {
  if (!usageMetadata) return null;
  const { candidatesTokenCount: output = hasReply ? null : 0 } = usageMetadata;
  if (output === null) return null;
  return {
    input: usageMetadata.promptTokenCount,
    output,
    cached: usageMetadata.cachedContentTokenCount,
    thinking: usageMetadata.thoughtsTokenCount,
  };
}

function faultWithoutCandidate({ promptFeedback }: GeminiResponse): Fault {
  const { blockReason, blockReasonMessage } = promptFeedback ?? {};
  if (blockReason === undefined) {
    return { code: "empty_reply", reason: "Gemini returned no candidates", askAgain: true };
  }
  const reason = `Gemini blocked the prompt: ${withDetail(blockReason, blockReasonMessage)}`;
  return { code: "refused_reply", reason, askAgain: false };
}

function faultOf({ finishReason = "STOP", finishMessage, content }: GeminiCandidate): Fault | null {
  const ended = `Gemini ended its reply with ${withDetail(finishReason, finishMessage)}`;
  if (finishReason === "MAX_TOKENS") return { code: "truncated_reply", reason: ended, askAgain: true };
  if (MALFORMED_REASONS.has(finishReason)) return { code: "malformed_reply", reason: ended, askAgain: true };
  // All other reasons, including unknown ones, mean that Gemini stopped the model because of its text.
  if (finishReason !== "STOP") return { code: "refused_reply", reason: ended, askAgain: true };

  const parsed = contentSchema.safeParse(content ?? {});
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "content";
    return { code: "malformed_reply", reason: `${ended}, but ${where} cannot be read`, askAgain: true };
  }
  const reply = rememberReply(content, parsed.data);
  if (reply.text.trim() !== "" || reply.calls.length > 0) return null;
  return { code: "empty_reply", reason: `${ended} without text and without a call`, askAgain: true };
}

/** The text of a reply that cannot be used. */
function textIn(content: unknown): string {
  return contentSchema.safeParse(content).success ? readGeminiReply({ provider: "", model: "", content }).text : "";
}

function withDetail(reason: string, message: string | undefined): string {
  return message ? `${reason} (${message})` : reason;
}
