/** The conversation of a run as hosts read it. */
import type { StoredEvent } from "../core/journal/event.js";
import { recordEvent } from "../core/journal/history.js";
import { createHistory, type ReadReply } from "../core/journal/history-state.js";
import type { Message, ReplyContent } from "../core/run/message.js";
import type { Keyed } from "./page.js";

/** The place in a conversation where a page begins: after the event `afterSeq`, before which it had `messages` messages. */
export interface MessagesStart {
  readonly afterSeq: number;
  readonly messages: number;
}

/** A message with the place from which it can be read again. */
export interface MessageItem extends Keyed {
  readonly start: MessagesStart;
}

/**
 * The conversation from a place on, whole: folds are left out. It begins with `firstMessage`; where that is
 * null, with the messages of the events. Reads on to the beginning of a turn after at least `most` messages: from then on
 * nothing is added to them.
 */
export async function toMessageItems(
  firstMessage: string | null,
  from: MessagesStart,
  events: AsyncIterable<StoredEvent>,
  most: number,
  readReply: ReadReply,
): Promise<readonly MessageItem[]> {
  const beginsHere = from.messages === 0 && firstMessage !== null;
  const history = createHistory(beginsHere ? firstMessage : null);
  const { messages } = history;
  const starts: MessagesStart[] = messages.map(() => from);
  for await (const { seq, event } of events) {
    if (event.type === "turn_started" && messages.length >= most) break;
    const start = { afterSeq: seq - 1, messages: from.messages + messages.length };
    if (event.type === "context_folded") continue;
    recordEvent(history, event, readReply);
    while (starts.length < messages.length) starts.push(start);
  }
  return messages.map((message, index) => {
    const position = from.messages + index;
    return {
      key: position + 1,
      value: { index: position, ...toMessage(message) },
      start: starts[index] ?? from,
    };
  });
}

function toMessage(message: Message): object {
  switch (message.role) {
    case "user":
      return { role: "user", text: message.text };
    case "assistant":
      return { role: "assistant", ...toReplyFields(message.content) };
    case "tool":
      return {
        role: "tool",
        results: message.answers
          .filter((answer) => answer !== undefined) // a call without an answer yet leaves a gap
          .map(({ call, isError, text }) => ({ tool: call.name, is_error: isError, text })),
      };
  }
}

/** A reply of the model in the same form for every vendor. */
export function toReplyFields({ text, calls }: ReplyContent): object {
  return {
    text,
    ...(calls.length > 0 ? { tool_calls: calls.map((call) => ({ tool: call.name, arguments: call.arguments })) } : {}),
  };
}
