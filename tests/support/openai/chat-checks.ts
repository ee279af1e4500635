/** The rules of chat completions: those of every host, and those of single ones. */
import type { ChatProfile } from "./chat-stand-in.js";
import type { Check, WireBody } from "./stand-in.js";
import {
  declarationFault,
  type Fields,
  imageFault,
  isFields,
  isJsonObject,
  listOf,
  rootFault,
  unlisted,
} from "./wire-rules.js";

const FIELDS = ["model", "messages", "tools", "stream", "temperature"];
const OPENAI_LIKE = [...FIELDS, "max_completion_tokens", "stream_options", "reasoning_effort"];
const LIKE = [...FIELDS, "max_tokens", "stream_options", "reasoning_effort"];

/** The fields that each host takes. */
const TOP: Readonly<Record<ChatProfile, readonly string[]>> = {
  openai: [...OPENAI_LIKE, "store"],
  deepseek: LIKE,
  groq: LIKE,
  openrouter: [...FIELDS, "max_completion_tokens", "stream_options", "reasoning", "usage"],
  vllm: LIKE,
  ollama: LIKE,
  llamacpp: LIKE,
  mistral: [...FIELDS, "max_tokens"],
  strict: [...FIELDS, "max_tokens"],
};

const REASONING = ["reasoning", "reasoning_content", "reasoning_details"];

/** The fields of the model's own message beside those of every host. */
const OWN: Readonly<Record<ChatProfile, readonly string[]>> = {
  openai: ["refusal"],
  deepseek: ["reasoning_content"],
  groq: [],
  openrouter: REASONING,
  vllm: REASONING,
  ollama: ["reasoning"],
  llamacpp: ["reasoning_content"],
  mistral: [],
  strict: [],
};

/** `sent` are the messages of the host, by the id of their first call. */
export function chatChecks(profile: ChatProfile, sent: ReadonlyMap<string, Fields>): readonly Check[] {
  const isLocal = profile === "vllm" || profile === "ollama" || profile === "llamacpp";
  const only = (profiles: readonly ChatProfile[], ...checks: Check[]) => (profiles.includes(profile) ? checks : []);
  const limit = profile === "openai" || profile === "openrouter" ? "max_completion_tokens" : "max_tokens";
  return [
    ...(isLocal ? [] : [{ name: "key", status: 401, fault: keyFault }]),
    { name: "field of the limit", fault: (body) => limitFault(body, limit) },
    { name: "fields", fault: (body) => fieldFault(body, TOP[profile]) },
    { name: "roles", fault: (body) => roleFault(body) },
    ...only(["groq", "mistral", "strict"], { name: "no reasoning", fault: reasoningFault }),
    { name: "fields of a message", fault: (body) => messageFault(body, OWN[profile]) },
    { name: "content", fault: contentFault },
    { name: "content of results", fault: resultFault },
    { name: "images", fault: imagesFault },
    { name: "names", fault: (body) => toolFault(body, declarationFault) },
    ...only(["openai", "strict", "groq", "deepseek"], {
      name: "root of a schema",
      fault: (body) => toolFault(body, rootFault),
    }),
    { name: "fields of a tool", fault: strictFault },
    { name: "ids", fault: idFault },
    { name: "length of ids", fault: longIdFault },
    { name: "results", fault: pairingFault },
    { name: "arguments", status: profile === "llamacpp" ? 500 : 400, fault: argumentsFault },
    ...only(["openai"], { name: "functions with reasoning", fault: functionsFault }),
    ...only(["deepseek"], { name: "reasoning_content", fault: demandFault }),
    ...only(["openrouter", "vllm"], { name: "reasoning as it came", fault: (body) => verbatimFault(body, sent) }),
    ...only(["mistral"], { name: "nine characters", fault: nineFault }),
  ];
}

function keyFault(_: WireBody, { authorization }: { readonly authorization?: string | undefined }): string | null {
  return /^Bearer \S+$/.test(authorization ?? "") && authorization !== "Bearer none"
    ? null
    : "You didn't provide an API key.";
}

function limitFault(body: WireBody, limit: string): string | null {
  const other = limit === "max_tokens" ? "max_completion_tokens" : "max_tokens";
  return other in body
    ? `Unsupported parameter: '${other}' is not supported with this model. Use '${limit}' instead.`
    : null;
}

function fieldFault(body: WireBody, listed: readonly string[]): string | null {
  const field = unlisted(body, listed);
  if (field !== null) return `Unrecognized request argument supplied: ${field}`;
  return typeof body.model === "string" && /\S/.test(body.model) && !/\p{Cc}/u.test(body.model)
    ? null
    : "you must provide a model parameter";
}

const ROLES = ["system", "user", "assistant", "tool"];

function roleFault(body: WireBody): string | null {
  const wrong = listOf(body.messages).find(({ role }) => !ROLES.includes(String(role)));
  return wrong ? `Unsupported role '${wrong.role}': use one of ${ROLES.join(", ")}.` : null;
}

function assistants(body: WireBody): readonly Fields[] {
  return listOf(body.messages).filter(({ role }) => role === "assistant");
}

function reasoningFault(body: WireBody): string | null {
  for (const [index, message] of listOf(body.messages).entries()) {
    const field = REASONING.find((name) => name in message);
    if (field !== undefined)
      return `'messages.${index}' : for 'role:assistant' the following must be satisfied[('messages.${index}' : property '${field}' is unsupported)]`;
  }
  return null;
}

function messageFault(body: WireBody, own: readonly string[]): string | null {
  const listed: Readonly<Record<string, readonly string[]>> = {
    system: ["role", "content"],
    user: ["role", "content"],
    assistant: ["role", "content", "tool_calls", ...own],
    tool: ["role", "content", "tool_call_id"],
  };
  for (const [index, message] of listOf(body.messages).entries()) {
    const field = unlisted(message, listed[String(message.role)] ?? []);
    if (field !== null) return `Unknown parameter: 'messages[${index}].${field}'.`;
    const call = listOf(message.tool_calls).find(
      (one) => unlisted(one, ["id", "type", "function"]) !== null || one.type !== "function",
    );
    if (call) return `Unknown parameter: 'messages[${index}].tool_calls[0]'.`;
    if (Array.isArray(message.tool_calls) && message.tool_calls.length === 0)
      return `Invalid 'messages[${index}].tool_calls': empty array.`;
  }
  return null;
}

function contentFault(body: WireBody): string | null {
  const index = listOf(body.messages).findIndex(({ content }) => content === null || content === undefined);
  return index < 0 ? null : `Invalid value for 'content' of message ${index}: expected a string, got null.`;
}

function resultFault(body: WireBody): string | null {
  const wrong = listOf(body.messages).find(({ role, content }) => role === "tool" && typeof content !== "string");
  return wrong ? "Invalid 'content' of a tool message: only text is taken." : null;
}

function imagesFault(body: WireBody): string | null {
  for (const { role, content } of listOf(body.messages))
    for (const part of listOf(content)) {
      if (part.type !== "image_url") continue;
      if (role !== "user") return "Image URLs are only allowed for messages with role 'user'.";
      const fault = imageFault(isFields(part.image_url) ? part.image_url.url : null);
      if (fault !== null) return fault;
    }
  return null;
}

function toolFault(body: WireBody, fault: (declaration: Fields, where: string) => string | null): string | null {
  for (const [index, tool] of listOf(body.tools).entries()) {
    const found = fault(isFields(tool.function) ? tool.function : {}, `tools[${index}].function`);
    if (found !== null) return found;
  }
  return null;
}

function strictFault(body: WireBody): string | null {
  if (Array.isArray(body.tools) && body.tools.length === 0) return "Invalid 'tools': empty array.";
  return toolFault(body, (declaration, where) => {
    const field = unlisted(declaration, ["name", "description", "parameters"]);
    return field === null ? null : `${where}.${field}: Extra inputs are not permitted`;
  });
}

function idFault(body: WireBody): string | null {
  const seen = new Set<unknown>();
  for (const { id } of assistants(body).flatMap(({ tool_calls }) => listOf(tool_calls))) {
    if (typeof id !== "string" || id === "") return "Missing required parameter: 'tool_calls[0].id'.";
    if (seen.has(id)) return `Duplicate value for 'tool_call_id' of '${id}'.`;
    seen.add(id);
  }
  return null;
}

function longIdFault(body: WireBody): string | null {
  const long = assistants(body)
    .flatMap(({ tool_calls }) => listOf(tool_calls))
    .find(({ id }) => String(id).length > 40);
  return long ? "Invalid 'tool_calls[0].id': string too long. Expected a string with maximum length 40." : null;
}

/** Each call is answered by one message of a tool directly behind it. */
function pairingFault(body: WireBody): string | null {
  const messages = listOf(body.messages);
  for (let at = 0; at < messages.length; ) {
    if (messages[at]?.role === "tool")
      return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.";
    const ids = listOf(messages[at]?.tool_calls).map(({ id }) => id);
    const results = messages.slice(at + 1, at + 1 + ids.length);
    const answered = new Set(results.map(({ role, tool_call_id }) => (role === "tool" ? tool_call_id : null)));
    const missing = ids.find((id) => !answered.has(id));
    if (missing !== undefined)
      return `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id': ${missing}.`;
    at += 1 + ids.length;
  }
  return null;
}

function argumentsFault(body: WireBody): string | null {
  const wrong = assistants(body)
    .flatMap(({ tool_calls }) => listOf(tool_calls))
    .find((call) => !isFields(call.function) || !isJsonObject(call.function.arguments));
  return wrong ? "Failed to parse tool call arguments as JSON: syntax error while parsing value" : null;
}

/** The models from GPT-5.4 on reason where nothing else is asked for; the newest cannot do without. */
function functionsFault(body: WireBody): string | null {
  if (!/^gpt-(5\.[4-9]|6)/.test(String(body.model)) || listOf(body.tools).length === 0) return null;
  if (body.reasoning_effort !== "none")
    return `Function tools with reasoning_effort are not supported for ${body.model} in /v1/chat/completions. Please use /v1/responses or set reasoning_effort to 'none'.`;
  return /gpt-6/.test(String(body.model))
    ? "Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'low', 'medium', 'high', 'xhigh', and 'max'."
    : null;
}

function demandFault(body: WireBody): string | null {
  const index = listOf(body.messages).findIndex(
    ({ role, tool_calls, reasoning_content }) =>
      role === "assistant" && listOf(tool_calls).length > 0 && typeof reasoning_content !== "string",
  );
  return index < 0 ? null : `Missing \`reasoning_content\` field in the assistant message at message index ${index}.`;
}

function verbatimFault(body: WireBody, sent: ReadonlyMap<string, Fields>): string | null {
  for (const message of assistants(body)) {
    const [call] = listOf(message.tool_calls);
    for (const [field, value] of Object.entries(sent.get(String(call?.id)) ?? {}))
      if (JSON.stringify(message[field]) !== JSON.stringify(value)) return `${field} must be passed back unmodified.`;
  }
  return null;
}

function nineFault(body: WireBody): string | null {
  const ids = listOf(body.messages).flatMap(({ tool_calls, tool_call_id }) => [
    ...listOf(tool_calls).map(({ id }) => id),
    ...(tool_call_id === undefined ? [] : [tool_call_id]),
  ]);
  const wrong = ids.find((id) => !/^[A-Za-z0-9]{9}$/.test(String(id)));
  return wrong === undefined ? null : `Tool call id was ${wrong} but must be a-z, A-Z, 0-9, with a length of 9.`;
}
