/** Reads replies of chat completions: the text and the calls of one message. */
import type { RawReply, ReplyContent } from "../../../core/run/message.js";
import { fromFunctionName } from "../content/function-name.js";
import { readArguments } from "../content/read-arguments.js";
import { type ChatCall, type ChatMessage, messageSchema } from "./wire.js";

/** Reads a stored reply. Throws only on content that no such reply can have. */
export function readChatReply({ content }: RawReply): ReplyContent {
  const message = messageSchema.parse(content);
  return {
    text: textOf(message),
    calls: callsOf(message).map(({ id, function: called }) => ({
      id: id || null,
      name: fromFunctionName(called.name),
      arguments: readArguments(called.arguments) ?? {},
    })),
  };
}

/** The calls of a message; the reason of its end does not count. */
export function callsOf({ tool_calls, function_call }: ChatMessage): readonly ChatCall[] {
  if (tool_calls && tool_calls.length > 0) return tool_calls;
  return function_call ? [{ id: null, function: function_call }] : [];
}

/** The text of a message, without the thinking among its parts. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ type, text = "" }) => (type === undefined || type === "text" ? text : "")).join("");
}
