/** What the stand-in for Anthropic does with a request: a message, an error, or nothing. */
import type { WireBlock } from "./wire.js";

/** A message of the model, streamed; `usage: null` counts nothing, and the counts of the input come from the cache where none are given. */
export interface MessageBehaviour {
  readonly kind: "message";
  readonly content: readonly WireBlock[];
  readonly stopReason: string | null;
  readonly stopDetails?: object;
  readonly usage?: Readonly<Record<string, unknown>> | null;
  readonly model?: string;
  readonly delayMs?: number;
}

export type Behaviour =
  | MessageBehaviour
  /** Events as they are; the stream ends behind them, or stays open, or breaks. */
  | {
      readonly kind: "events";
      readonly events: readonly (object | string)[];
      readonly end?: "close" | "hang" | "reset";
    }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: object | string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "hang" | "reset" };

type MessageOptions = Partial<Omit<MessageBehaviour, "kind" | "content">>;

/** A reply of the model; it stops to use tools where it calls some. */
export function message(content: readonly WireBlock[], options: MessageOptions = {}): MessageBehaviour {
  const stopReason = content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn";
  return { kind: "message", content, stopReason, ...options };
}

export function text(words: string): WireBlock {
  return { type: "text", text: words };
}

/** Thinking that the stand-in signs. */
export function thinking(words: string): WireBlock {
  return { type: "thinking", thinking: words };
}

/** A call, with an id from the stand-in where the test gives none. */
export function use(name: string, input: object = {}, id?: string): WireBlock {
  return { type: "tool_use", ...(id !== undefined && { id }), name, input };
}

/** An error in the vendor's form. */
export function failure(
  status: number,
  type: string,
  words: string,
  { code, headers }: { readonly code?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Extract<Behaviour, { kind: "answer" }> {
  const error = { type, message: words, ...(code !== undefined && { details: { error_code: code } }) };
  return { kind: "answer", status, body: { type: "error", error, request_id: "req_1" }, ...(headers && { headers }) };
}

/** An answer of another form, such as a page of HTML. */
export function answer(
  status: number,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Extract<Behaviour, { kind: "answer" }> {
  return { kind: "answer", status, body, headers };
}

/** An error within a stream that has begun. */
export function errorEvent(type: string, words: string): Behaviour {
  return { kind: "events", events: [startOf([]), { type: "error", error: { type, message: words } }] };
}

/** The beginning of a message's stream, for tests that write the rest themselves. */
export function startOf(
  content: readonly object[] = [],
  usage: object = { input_tokens: 10, output_tokens: 1 },
): object {
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-5-5", content, usage };
  return { type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null } };
}

/** The end of a message's stream. */
export function endOf(
  reason: string | null = "end_turn",
  usage: object | null = { output_tokens: 5 },
): readonly object[] {
  return [
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, ...(usage && { usage }) },
    { type: "message_stop" },
  ];
}
