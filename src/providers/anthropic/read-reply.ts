/** Reads Anthropic's replies: the text and the calls among the blocks of a message. */
import type { RawReply, ReplyContent } from "../../core/run/message.js";
import { type AnthropicContent, contentSchema } from "./wire.js";

/** Reads a stored reply on Anthropic's wire. Throws only on content that no such reply can have. */
export function readAnthropicReply({ content }: RawReply): ReplyContent {
  return toReplyContent(contentSchema.parse(content));
}

/** Blocks count by their type, never by their place: thinking may stand anywhere among them. */
export function toReplyContent(content: AnthropicContent): ReplyContent {
  return {
    text: content.map((block) => ("text" in block ? block.text : "")).join(""),
    calls: content.flatMap((block) =>
      "input" in block ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
    ),
  };
}
