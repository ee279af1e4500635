/** Reads Gemini's replies: the text and the calls of one candidate's content. */
import type { RawReply, ReplyContent } from "../../core/run/message.js";
import { fromFunctionName } from "./function-name.js";
import { contentSchema, type GeminiContent } from "./wire.js";

/** The replies by their contents: each content is read when it arrives, and again when the history is built. */
const readContents = new WeakMap<object, ReplyContent>();

/** Reads a stored Gemini reply. Throws only on content that no Gemini reply can have. */
export function readGeminiReply({ content }: RawReply): ReplyContent {
  const known = typeof content === "object" && content !== null ? readContents.get(content) : undefined;
  return known ?? toReplyContent(contentSchema.parse(content));
}

/** The reply in a content that has just been checked; reading it again costs nothing. */
export function rememberReply(content: unknown, parsed: GeminiContent): ReplyContent {
  const reply = toReplyContent(parsed);
  if (typeof content === "object" && content !== null) readContents.set(content, reply);
  return reply;
}

function toReplyContent({ parts }: GeminiContent): ReplyContent {
  return {
    text: parts.map((part) => (part.thought === true ? "" : (part.text ?? ""))).join(""),
    calls: parts.flatMap(({ functionCall }) => {
      if (!functionCall) return [];
      const { id = null, name, args } = functionCall;
      return [{ id, name: fromFunctionName(name), arguments: args }];
    }),
  };
}
