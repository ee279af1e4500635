/** Reads replies of the Responses API: the text and the calls of the items of one response. */
import type { RawReply, ReplyContent } from "../../../core/run/message.js";
import { fromFunctionName } from "../content/function-name.js";
import { readArguments } from "../content/read-arguments.js";
import { itemsSchema, type ResponsesCall, type ResponsesItem } from "./wire.js";

/** Reads a stored reply. Throws only on content that no such reply can have. */
export function readResponsesReply({ content }: RawReply): ReplyContent {
  const items = itemsSchema.parse(content);
  return {
    text: textOf(items),
    calls: callsOf(items).map(({ call_id, name, arguments: written }) => ({
      id: call_id || null,
      name: fromFunctionName(name),
      arguments: readArguments(written) ?? {},
    })),
  };
}

export function callsOf(items: readonly ResponsesItem[]): readonly ResponsesCall[] {
  return items.flatMap((item) => (item.type === "function_call" ? [item] : []));
}

/** The text of all messages of a response. */
export function textOf(items: readonly ResponsesItem[]): string {
  return partsOf(items)
    .map(({ text = "" }) => text)
    .join("");
}

/** The model's words where it refuses; "" where it does not. */
export function refusalTextOf(items: readonly ResponsesItem[]): string {
  return partsOf(items)
    .map(({ refusal = "" }) => refusal)
    .join("");
}

function partsOf(items: readonly ResponsesItem[]) {
  return items.flatMap((item) => (item.type === "message" ? item.content : []));
}
