/** Converts Anthropic's message to our reply. */
import { ProviderError } from "../../core/errors.js";
import type { ModelReply } from "../../core/ports/provider.js";
import type { ReplySource } from "../../core/run/message.js";
import type { Usage } from "../../core/run/run.js";
import type { InputFault, JoinedMessage } from "./join-events.js";
import { readAnthropicReply, toReplyContent } from "./read-reply.js";
import { type AnthropicMessage, contentSchema, messageSchema } from "./wire.js";

type Unusable = Extract<ModelReply, { ok: false }>;

/** The reason why a message is no usable reply. */
type Fault = Pick<Unusable, "code" | "reason" | "askAgain">;

/** After these the message is what the model meant to say; a host that gives none may have meant any of them. */
const USUAL_ENDS = new Set(["end_turn", "tool_use", "stop_sequence", "pause_turn"]);

/** The reply in a message, or the reason why there is none. Throws ProviderError where it is no message. */
export function fromAnthropicMessage(
  { message, inputFault, inputTexts }: Pick<JoinedMessage, "message" | "inputFault" | "inputTexts">,
  from: ReplySource,
): ModelReply {
  const parsed = messageSchema.safeParse(message);
  if (!parsed.success) {
    throw new ProviderError("bad_response", "Anthropic answered with something that is not a message", {
      cause: parsed.error,
    });
  }
  const { content, model } = parsed.data;
  const usage = usageOf(parsed.data);
  const fault = endFault(parsed.data) ?? contentFault(parsed.data, inputFault);
  if (fault) {
    const text = [textIn(content), inputFault?.text ?? ""].filter((part) => part !== "").join("\n");
    return { ok: false, ...fault, text, usage };
  }
  const raw = {
    ...from,
    content,
    ...(Object.keys(inputTexts).length > 0 && { inputTexts }),
    ...(typeof model === "string" && model !== from.model && { modelVersion: model }),
  };
  return { ok: true, raw, usage, ...(parsed.data.stop_reason === "pause_turn" && { isPaused: true }) };
}

/** Counts as legwork does: the input with that of the cache, the output without the thinking. Null where a main count is missing. */
function usageOf({ usage }: AnthropicMessage): Usage | null {
  if (!usage) return null;
  const cached = usage.cache_read_input_tokens ?? 0;
  const cacheWrite = usage.cache_creation_input_tokens;
  const thinking = Math.min(usage.output_tokens_details?.thinking_tokens ?? 0, usage.output_tokens);
  return {
    input: usage.input_tokens + cached + (cacheWrite ?? 0),
    output: usage.output_tokens - thinking,
    cached,
    thinking,
    ...(typeof cacheWrite === "number" && { cacheWrite }),
  };
}

function endFault({ stop_reason: reason, stop_details: details, content }: AnthropicMessage): Fault | null {
  if (typeof reason !== "string" || USUAL_ENDS.has(reason)) return null;
  const ended = `Anthropic ended its reply with ${reason}`;
  switch (reason) {
    case "max_tokens":
      return { code: "truncated_reply", reason: ended, askAgain: true };
    case "model_context_window_exceeded":
      return { code: "context_overflow", reason: ended, askAgain: false };
    case "refusal": {
      const about = [details?.category, details?.explanation].filter((word) => typeof word === "string").join(": ");
      const why = about === "" ? ended : `${ended} (${about})`;
      // A request that was refused before the model wrote anything is refused again.
      return { code: "refused_reply", reason: why, askAgain: content.length > 0 };
    }
    default: // nothing says that the reply is whole
      return { code: "refused_reply", reason: ended, askAgain: true };
  }
}

function contentFault({ content, stop_reason: reason }: AnthropicMessage, inputFault: InputFault | null): Fault | null {
  const ended = `Anthropic ended its reply with ${reason ?? "no reason"}`;
  if (inputFault !== null)
    return { code: "malformed_reply", reason: `${ended}, but ${inputFault.reason}`, askAgain: true };
  const parsed = contentSchema.safeParse(content);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "content";
    return { code: "malformed_reply", reason: `${ended}, but content.${where} cannot be read`, askAgain: true };
  }
  if (reason === "pause_turn" && content.length > 0) return null;
  const { text, calls } = toReplyContent(parsed.data);
  if (text.trim() !== "" || calls.length > 0) return null;
  return { code: "empty_reply", reason: `${ended} without text and without a call`, askAgain: true };
}

/** The text of a reply that cannot be used. */
function textIn(content: unknown): string {
  return contentSchema.safeParse(content).success ? readAnthropicReply({ provider: "", model: "", content }).text : "";
}
