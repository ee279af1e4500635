/** From our request to Gemini's; pure. */

import type { ModelRequest } from "../../core/ports/provider.js";
import type { Message, ReplyContent, ToolAnswerMessage, ToolCall, ToolDeclaration } from "../../core/run/message.js";
import { toFunctionName } from "./function-name.js";
import { lowerSchema } from "./lower-schema.js";
import { type FunctionDeclaration, GEMINI, type GeminiRequest } from "./wire.js";

/** Takes the place of a thought signature on a call that this model did not make itself. */
const FOREIGN_SIGNATURE = "skip_thought_signature_validator";

/** The body that asks `request`; `declarations` are its tools, see `toFunctionDeclarations`. */
export function toGeminiRequest(request: ModelRequest, declarations: readonly FunctionDeclaration[]): GeminiRequest {
  return {
    contents: contentsOf(request),
    ...(request.system !== "" && { systemInstruction: { role: "system", parts: [{ text: request.system }] } }),
    ...(declarations.length > 0 && {
      tools: [{ functionDeclarations: declarations }],
      toolConfig: { functionCallingConfig: { mode: "AUTO" } },
    }),
    store: false,
  };
}

interface BuiltContents {
  readonly model: string;
  readonly contents: unknown[];
  messages: number;
}

/** What has been built of each conversation: its list of messages only grows, so the next request adds the new ones. */
const built = new WeakMap<readonly Message[], BuiltContents>();

function contentsOf({ messages, model }: ModelRequest): readonly unknown[] {
  const known = built.get(messages);
  const state =
    known?.model === model && known.messages <= messages.length ? known : { model, contents: [], messages: 0 };
  for (const message of messages.slice(state.messages)) state.contents.push(...toContents(message, model));
  state.messages = messages.length;
  built.set(messages, state);
  return state.contents;
}

/** The tools as Gemini is told of them. */
export function toFunctionDeclarations(tools: readonly ToolDeclaration[]): readonly FunctionDeclaration[] {
  return tools.map((tool) => ({
    name: toFunctionName(tool.name),
    description: tool.description,
    parametersJsonSchema: lowerSchema(tool.inputSchema),
  }));
}

/** None or one content: Gemini refuses a content without parts. */
function toContents(message: Message, model: string): readonly unknown[] {
  switch (message.role) {
    case "user":
      return [{ role: "user", parts: [{ text: message.text }] }];
    case "assistant": {
      const { raw } = message;
      if (raw.provider === GEMINI && raw.model === model) return [raw.content];
      return contentWith("model", toForeignParts(message.content));
    }
    case "tool":
      return contentWith("user", message.answers.map(toFunctionResponse));
  }
}

function contentWith(role: "user" | "model", parts: readonly object[]): readonly object[] {
  return parts.length === 0 ? [] : [{ role, parts }];
}

/** What another model said, in parts that this one accepts: of parallel calls only the first carries a signature. */
function toForeignParts({ text, calls }: ReplyContent): readonly object[] {
  const callParts = calls.map((call, index) => ({
    functionCall: { ...idOf(call), name: toFunctionName(call.name), args: call.arguments },
    ...(index === 0 && { thoughtSignature: FOREIGN_SIGNATURE }),
  }));
  return text === "" ? callParts : [{ text }, ...callParts];
}

function toFunctionResponse({ call, isError, text }: ToolAnswerMessage): object {
  const response = isError ? { error: text } : { output: text };
  return { functionResponse: { ...idOf(call), name: toFunctionName(call.name), response } };
}

function idOf(call: ToolCall): { readonly id?: string } {
  return call.id === null ? {} : { id: call.id };
}
