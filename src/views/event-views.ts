/** The views of get_run that list something: events, messages and access. */
import type { RunEvent, StoredEvent } from "../core/run/event.js";
import { createHistory, type ReadReply, recordEvent } from "../core/run/history.js";
import type { Message, ReplyContent } from "../core/run/message.js";
import type { Access } from "../core/tools/access.js";
import type { Keyed } from "./page.js";
import { toTime } from "./run-view.js";

/** An event as hosts read it; what the model said is shown in no vendor's words. */
export function toEventItem({ seq, at, event }: StoredEvent, readReply: ReadReply): Keyed {
  return { key: seq, value: { seq, at: toTime(at), type: event.type, ...fieldsOf(event, readReply) } };
}

function fieldsOf(event: RunEvent, readReply: ReadReply): object {
  switch (event.type) {
    case "model_replied": {
      const { turn, grace, raw, usage } = event;
      const said = toSaid(readReply(raw));
      return { turn, ...(grace ? { grace } : {}), model: raw.model, ...said, usage, cost_usd: event.costUsd ?? null };
    }
    case "reply_rejected":
    case "sampling_replied": {
      const { type: _, costUsd = null, ...fields } = event;
      return { ...fields, cost_usd: costUsd };
    }
    case "tool_call_finished": {
      const { type: _, isError, ...fields } = event;
      return { ...fields, is_error: isError };
    }
    case "workflow_call_finished": {
      const { type: _, isError, outputAs, done: _done, ...fields } = event;
      return { ...fields, is_error: isError, ...(outputAs === null ? {} : { output_as: outputAs }) };
    }
    case "workflow_call_refused":
    case "message_injected":
    case "step_entered":
    case "variable_set": {
      const { type: _, done: _done, ...fields } = event;
      return fields;
    }
    case "run_finished": {
      const { filesModified, nextSteps, ...outcome } = event.outcome;
      return {
        ...outcome,
        ...(filesModified ? { files_modified: filesModified } : {}),
        ...(nextSteps ? { next_steps: nextSteps } : {}),
      };
    }
    default: {
      const { type: _, ...fields } = event;
      return fields;
    }
  }
}

/** Where a conversation is read from: behind the event `afterSeq`, before which it had `messages` messages. */
export interface MessagesStart {
  readonly afterSeq: number;
  readonly messages: number;
}

/** A message with the place from which it can be read again. */
export interface MessageItem extends Keyed {
  readonly start: MessagesStart;
}

/**
 * The conversation from a place on, as the agent's next request would hold it; it begins with the opening, or with what
 * the events say where that is null. Reads on to the beginning of a turn behind at least `most` messages, for only then
 * nothing is added to them any more.
 */
export async function toMessageItems(
  firstMessage: string | null,
  from: MessagesStart,
  events: AsyncIterable<StoredEvent>,
  most: number,
  readReply: ReadReply,
): Promise<readonly MessageItem[]> {
  const history = createHistory(firstMessage ?? "");
  if (from.messages > 0 || firstMessage === null) history.messages.length = 0;
  const starts: MessagesStart[] = history.messages.map(() => from);
  for await (const { seq, event } of events) {
    if (event.type === "turn_started" && history.messages.length >= most) break;
    const start = { afterSeq: seq - 1, messages: from.messages + history.messages.length };
    recordEvent(history, event, readReply);
    while (starts.length < history.messages.length) starts.push(start);
  }
  return history.messages.map((message, index) => {
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
      return message;
    case "assistant":
      return { role: "assistant", ...toSaid(message.content) };
    case "tool":
      return {
        role: "tool",
        results: message.answers
          .filter((answer) => answer !== undefined) // a call without an answer yet leaves a gap
          .map(({ call, isError, text }) => ({ tool: call.name, is_error: isError, text })),
      };
  }
}

function toSaid({ text, calls }: ReplyContent): object {
  return {
    text,
    ...(calls.length > 0 ? { tool_calls: calls.map((call) => ({ tool: call.name, arguments: call.arguments })) } : {}),
  };
}

/** What an answer says of access: `head` on each page, the lists behind one another. */
export function toAccess({ setAt, step, note, rules, tools }: Access) {
  return {
    head: { as_of_event: setAt, step, ...(note === null ? {} : { note }) },
    sections: {
      // They depend on the arguments of a call: the first that blocks or allows decides it.
      rules: rules.map(({ name, action, when, message }) => ({ name, action, when, message })),
      access: tools,
    },
  };
}
