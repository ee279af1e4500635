/** Notices that a host has cut a conversation without a word. */
import type { ModelReply, ModelRequest } from "../../../core/ports/provider.js";
import type { Message } from "../../../core/run/message.js";

interface Counted {
  readonly messages: number;
  readonly tools: ModelRequest["tools"];
  readonly hasImages: boolean;
  readonly input: number;
}

/** Warns where the host counts fewer tokens although the conversation has grown and nothing else has changed; `remedy` says what to do. */
export function createCutWatch(remedy: string): (request: ModelRequest, reply: ModelReply) => readonly string[] {
  const last = new WeakMap<readonly Message[], Counted>();
  return ({ messages, tools, images }, { usage }) => {
    if (usage === null) return [];
    const before = last.get(messages);
    const hasImages = (images?.size ?? 0) > 0;
    last.set(messages, { messages: messages.length, tools, hasImages, input: usage.input });
    const isComparable = before !== undefined && before.tools === tools && !before.hasImages;
    if (!isComparable || messages.length <= before.messages || usage.input >= before.input) return [];
    const counts = `${before.input} tokens of ${before.messages} messages, now ${usage.input} of ${messages.length}`;
    return [`the model no longer sees the whole conversation (before ${counts}): ${remedy}`];
  };
}
