/** A stand-in for a host of chat completions, with the rules of the host that it plays. */

import { chatChecks } from "./chat-checks.js";
import { type Behaviour, type Script, type StandIn, startStandIn, type WireBody } from "./stand-in.js";
import { type Fields, isFields, listOf } from "./wire-rules.js";

/** The hosts that it plays; `strict` is one that nobody knows and that takes only the documented fields. */
export const CHAT_PROFILES = [
  "openai",
  "deepseek",
  "groq",
  "openrouter",
  "vllm",
  "ollama",
  "llamacpp",
  "mistral",
  "strict",
] as const;
export type ChatProfile = (typeof CHAT_PROFILES)[number];

/** Starts a stand-in for a host; whoever starts it closes it. */
export function startChatStandIn(profile: ChatProfile, script: Script): Promise<StandIn> {
  const sent = new Map<string, Fields>(); // messages that went out, by the id of their first call
  return startStandIn(script, {
    path: "/chat/completions",
    checks: chatChecks(profile, sent),
    refusal: (status, message, check) => refusalForm(profile, status, message, check),
    prepare(behaviour, body) {
      remember(behaviour, sent);
      return withUsage(behaviour, body);
    },
  });
}

/** Starts a stand-in that takes everything. */
export function startLooseStandIn(script: Script): Promise<StandIn> {
  const refuse = (_: number, message: string) => ({ error: { message } });
  return startStandIn(script, { path: "/chat/completions", checks: [], refusal: refuse });
}

/** Each vendor writes its refusals in its own way. */
function refusalForm(profile: ChatProfile, status: number, message: string, check: string): object {
  switch (profile) {
    case "mistral":
      return {
        object: "error",
        message,
        type: "invalid_request_error",
        param: null,
        code: check === "nine characters" ? "3280" : "1000",
      };
    case "vllm":
      return { object: "error", message, type: "BadRequestError", param: null, code: status };
    case "openrouter":
      return { error: { message, code: status, metadata: { provider_name: "stand-in" } } };
    case "llamacpp":
      return { error: { code: status, message, type: status === 500 ? "server_error" : "invalid_request_error" } };
    case "ollama":
      return { error: { message, type: "invalid_request_error", param: null, code: null } };
    case "strict":
      return { detail: [{ type: "extra_forbidden", msg: message }] };
    default:
      return { error: { message, type: "invalid_request_error", param: null, code: "invalid_request" } };
  }
}

/** Usage comes in a chunk of its own, without choices, for those who ask for it. Mistral sends it unasked. */
function withUsage(behaviour: Behaviour, body: WireBody): Behaviour {
  if (behaviour.kind !== "events" || !isFields(behaviour.events.at(-1))) return behaviour;
  const last = behaviour.events.at(-1) as Fields;
  const isUsage = Array.isArray(last.choices) && last.choices.length === 0 && isFields(last.usage);
  const asked = isFields(body.stream_options) && body.stream_options.include_usage === true;
  return isUsage && !asked && last.unasked !== true
    ? { ...behaviour, events: behaviour.events.slice(0, -1) }
    : behaviour;
}

function remember(behaviour: Behaviour, sent: Map<string, Fields>): void {
  if (behaviour.kind !== "events") return;
  const message: Record<string, unknown> = {};
  let id = "";
  for (const choice of behaviour.events.filter(isFields).flatMap((event) => listOf(event.choices))) {
    const delta = isFields(choice.delta) ? choice.delta : {};
    for (const key of ["reasoning_content", "reasoning"])
      if (typeof delta[key] === "string") message[key] = `${message[key] ?? ""}${delta[key]}`;
    if (delta.reasoning_details !== undefined) message.reasoning_details = delta.reasoning_details;
    for (const call of listOf(delta.tool_calls)) if (typeof call.id === "string") id ||= call.id;
  }
  if (id !== "") sent.set(id, message);
}

interface CallParts {
  readonly id?: string | null;
  readonly name?: string;
  readonly arguments?: unknown;
  readonly index?: number;
}

interface ReplyParts {
  readonly text?: string;
  readonly calls?: readonly CallParts[];
  /** Further fields of the message, such as its reasoning; texts come in two pieces. */
  readonly fields?: Fields;
  readonly finish?: string | null;
  readonly usage?: object | null;
  readonly model?: string;
  /** Whether the mark of the end comes. */
  readonly done?: boolean;
}

export const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** A streamed reply: its texts and arguments come in pieces. */
export function reply(parts: ReplyParts): Behaviour {
  const { text = "", calls = [], fields = {}, usage = USAGE, model = "stand-in", done = true } = parts;
  const finish = parts.finish === undefined ? (calls.length > 0 ? "tool_calls" : "stop") : parts.finish;
  const chunk = (delta: object, more: object = {}) => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    model,
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  });
  const events: object[] = [chunk({ role: "assistant", content: text === "" ? null : "" })];
  for (const [key, value] of Object.entries(fields))
    for (const piece of typeof value === "string" ? halves(value) : [value]) events.push(chunk({ [key]: piece }));
  for (const piece of text === "" ? [] : halves(text)) events.push(chunk({ content: piece }));
  for (const [place, call] of calls.entries()) {
    const { id = `call_${place + 1}`, name = "s__read", index = place } = call;
    const written = "arguments" in call ? call.arguments : "{}";
    const [first, ...more] = typeof written === "string" ? halves(written) : [written];
    const head = { index, ...(id !== null && { id }), type: "function", function: { name, arguments: first } };
    events.push(chunk({ tool_calls: [head] }));
    for (const piece of more) events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
  }
  events.push(chunk({}, { finish_reason: finish }));
  if (usage !== null) events.push({ id: "chatcmpl-1", object: "chat.completion.chunk", model, choices: [], usage });
  return { kind: "events", events, tail: done ? "data: [DONE]\n\n" : "" };
}

function halves(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((half, index) => index === 0 || half !== "");
}

/** The messages of a request without that of the system. */
export function messagesIn(body: WireBody | undefined): readonly Fields[] {
  return listOf(body?.messages).filter(({ role }) => role !== "system");
}
