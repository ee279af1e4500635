/** From our request to Gemini's; pure. */
import type { Message, ReplyContent, ToolAnswerMessage, ToolCall, ToolDeclaration } from "../../core/message.js";
import type { ModelRequest } from "../../core/ports.js";
import { toFunctionName } from "./function-name.js";
import { lowerSchema } from "./lower-schema.js";
import { type FunctionDeclaration, GEMINI, type GeminiRequest } from "./wire.js";

/** Takes the place of a thought signature on a call that this model did not make itself. */
const FOREIGN_SIGNATURE = "skip_thought_signature_validator";

/** The body that asks `request`; `declarations` are its tools, see `toFunctionDeclarations`. */
export function toGeminiRequest(request: ModelRequest, declarations: readonly FunctionDeclaration[]): GeminiRequest {
  return {
    contents: request.messages.flatMap((message) => toContents(message, request.model)),
    ...(request.system !== "" && { systemInstruction: { role: "system", parts: [{ text: request.system }] } }),
    ...(declarations.length > 0 && {
      tools: [{ functionDeclarations: declarations }],
      toolConfig: { functionCallingConfig: { mode: "AUTO" } },
    }),
    store: false,
  };
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
