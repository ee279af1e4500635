/** Converts our request to Gemini's. */
import type { ModelRequest } from "../../core/ports/provider.js";
import {
  isSameTarget,
  type Message,
  mayReturn,
  type RawReply,
  type ReplyContent,
  type ReplyTarget,
  type ToolAnswerMessage,
  type ToolCall,
  type ToolDeclaration,
} from "../../core/run/message.js";
import { type ModelSettings, NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";
import type { Image } from "../../core/tools/image.js";
import { createPauses } from "../../lib/pauses.js";
import { createGrowing } from "../http/growing.js";
import { toFunctionName } from "./function-name.js";
import { lowerSchema } from "./lower-schema.js";
import type { FunctionDeclaration, GeminiRequest } from "./wire.js";

/** Replaces the thought signature of a call that another model made. */
const SUBSTITUTE_SIGNATURE = "skip_thought_signature_validator";

/** The body of a request; `declarations` are its tools, from `toFunctionDeclarations`, and `thinks` says whether its model takes settings of its thinking. */
export function toGeminiRequest(
  request: ModelRequest,
  declarations: readonly FunctionDeclaration[],
  target: ReplyTarget,
  { thinks }: { readonly thinks: boolean },
): GeminiRequest {
  return {
    contents: contentsOf(request, target),
    ...configOf(request.settings, thinks),
    ...(request.system !== "" && { systemInstruction: { role: "system", parts: [{ text: request.system }] } }),
    ...(declarations.length > 0 && {
      tools: [{ functionDeclarations: declarations }],
      toolConfig: { functionCallingConfig: { mode: "AUTO" } },
    }),
    store: false,
  };
}

const LEVELS = { low: "LOW", medium: "MEDIUM", high: "HIGH", xhigh: "HIGH", max: "HIGH" } as const;

function configOf({ effort, temperature, maxOutputTokens }: ModelSettings = NO_MODEL_SETTINGS, thinks: boolean) {
  const generationConfig = {
    ...(temperature !== null && { temperature }),
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(thinks && effort !== null && { thinkingConfig: { thinkingLevel: LEVELS[effort] } }),
  };
  return Object.keys(generationConfig).length === 0 ? {} : { generationConfig };
}

interface BuiltContents {
  readonly target: ReplyTarget;
  readonly contents: unknown[];
  /** The answers with images, each with the place of its content. */
  readonly withImages: { readonly answers: readonly ToolAnswerMessage[]; readonly at: number }[];
}

const grow = createGrowing<BuiltContents>(({ target, contents, withImages }, message) => {
  if (message.role === "tool" && message.answers.some((answer) => answer.images !== undefined))
    withImages.push({ answers: message.answers, at: contents.length });
  contents.push(...toContents(message, target));
});

function contentsOf({ messages, images = NO_IMAGES }: ModelRequest, target: ReplyTarget): readonly unknown[] {
  const fits = (known: BuiltContents) => isSameTarget(known.target, target);
  const built = grow(messages, fits, () => ({ target, contents: [], withImages: [] }));
  return images.size === 0 ? built.contents : contentsWith(images, built);
}

const NO_IMAGES: NonNullable<ModelRequest["images"]> = new Map();

/** A copy of the contents in which each image stands behind the function responses of the message that showed it last. */
function contentsWith(images: ReadonlyMap<string, Image>, { contents, withImages }: BuiltContents): readonly unknown[] {
  const left = new Map(images);
  const copy = [...contents];
  for (const { answers, at } of withImages.toReversed()) {
    const shown: object[] = [];
    for (const { blob } of answers.flatMap((answer) => answer.images ?? []).reverse()) {
      const image = left.get(blob);
      if (image) shown.unshift({ inlineData: { mimeType: image.mimeType, data: image.base64 } });
      left.delete(blob);
    }
    if (shown.length > 0) copy[at] = { role: "user", parts: [...answers.map(toFunctionResponse), ...shown] };
  }
  return copy;
}

/** The tools as declarations for Gemini. */
export async function toFunctionDeclarations(
  tools: readonly ToolDeclaration[],
): Promise<readonly FunctionDeclaration[]> {
  const declarations: FunctionDeclaration[] = [];
  const pause = createPauses(); // there may be hundreds of large schemas
  for (const { name, description, inputSchema } of tools) {
    await pause();
    declarations.push({ name: toFunctionName(name), description, parametersJsonSchema: lowerSchema(inputSchema) });
  }
  return declarations;
}

/** One content, or none where it would have no parts: Gemini refuses such a content. */
function toContents(message: Message, target: ReplyTarget): readonly unknown[] {
  switch (message.role) {
    case "user":
      return [{ role: "user", parts: [{ text: message.text }] }];
    case "assistant":
      if (mayReturn(message, { ...target, origin: originFor(message.raw, target.origin) }))
        return [message.raw.content];
      return contentWith("model", toUnsignedParts(message.content));
    case "tool":
      return contentWith("user", message.answers.map(toFunctionResponse));
  }
}

/** Replies that an older legwork saved do not say which address sent them: they go on as they did then. */
function originFor(raw: RawReply, origin: string | undefined): string | undefined {
  return raw.origin === undefined ? undefined : origin;
}

function contentWith(role: "user" | "model", parts: readonly object[]): readonly object[] {
  return parts.length === 0 ? [] : [{ role, parts }];
}

/** The reply of another model, or one before a fold, as parts that this one accepts: the first of parallel calls carries a signature. */
function toUnsignedParts({ text, calls }: ReplyContent): readonly object[] {
  const callParts = calls.map((call, index) => ({
    functionCall: { ...idOf(call), name: toFunctionName(call.name), args: call.arguments },
    ...(index === 0 && { thoughtSignature: SUBSTITUTE_SIGNATURE }),
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
