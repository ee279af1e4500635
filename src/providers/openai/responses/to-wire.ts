/** Converts our request to one of the Responses API. */
import type { ModelRequest } from "../../../core/ports/provider.js";
import {
  type AssistantMessage,
  isSameTarget,
  type Message,
  mayReturn,
  type ReplyTarget,
  type ToolDeclaration,
} from "../../../core/run/message.js";
import { type ModelSettings, NO_MODEL_SETTINGS } from "../../../core/run/model-settings.js";
import type { Image } from "../../../core/tools/image.js";
import { isRecord } from "../../../lib/is-record.js";
import { createGrowing } from "../../http/growing.js";
import { answerText } from "../content/answer-text.js";
import { type CallIds, createCallIds } from "../content/call-ids.js";
import { toFunctionName } from "../content/function-name.js";
import { type AnswersAt, dataUrl, IMAGES_ABOVE, placeImages } from "../content/place-images.js";
import { toArgumentsText } from "../content/read-arguments.js";
import { toParameters } from "../content/to-parameters.js";
import { effortWithin } from "../effort.js";
import type { ResponsesForm, ResponsesRequest } from "./wire.js";

/** The form that the newest models take; the refusals of an older one are learned. */
export const FULL_FORM: ResponsesForm = {
  temperature: true,
  reasons: true,
  effort: true,
  mostEffort: "max",
  summaries: true,
  encrypted: true,
  limit: true,
  images: "in_output",
};

const ENCRYPTED = "reasoning.encrypted_content";

/** The body of a request; `tools` are its tools, from `toResponsesTool`. */
export function toResponsesRequest(
  request: ModelRequest,
  tools: readonly object[],
  form: ResponsesForm,
  target: ReplyTarget,
): ResponsesRequest {
  return {
    model: request.model,
    ...(request.system !== "" && { instructions: request.system }),
    input: inputOf(request, form, target),
    ...(tools.length > 0 && { tools }),
    ...settingsOf(request.settings ?? NO_MODEL_SETTINGS, form),
    ...(form.encrypted && { include: [ENCRYPTED] }),
    stream: true,
    store: false,
  };
}

function settingsOf({ effort, temperature, maxOutputTokens }: ModelSettings, form: ResponsesForm) {
  const reasoning = {
    ...(form.effort && effort !== null && { effort: effortWithin(effort, form.mostEffort) }),
    ...(form.summaries && { summary: "auto" }),
  };
  return {
    ...(form.reasons && Object.keys(reasoning).length > 0 && { reasoning }),
    ...(form.limit && maxOutputTokens !== null && { max_output_tokens: maxOutputTokens }),
    ...(form.temperature && temperature !== null && { temperature }),
  };
}

/** A tool as a function. Without `strict: false` its schema would have to be of a narrower kind. */
export function toResponsesTool({ name, description, inputSchema }: ToolDeclaration): object {
  return {
    type: "function",
    name: toFunctionName(name),
    description,
    parameters: toParameters(inputSchema),
    strict: false,
  };
}

interface Built {
  readonly target: ReplyTarget;
  readonly items: unknown[];
  readonly ids: CallIds;
  /** Of the last reply, in the order of its calls. */
  lastIds: readonly string[];
  /** Answers with images, each with the place of its first output. */
  readonly withImages: AnswersAt[];
}

const grow = createGrowing(addMessage);

function inputOf({ messages, images }: ModelRequest, form: ResponsesForm, target: ReplyTarget): readonly unknown[] {
  const fits = (known: Built) => isSameTarget(known.target, target);
  const state = grow(messages, fits, () => begin(target));
  const copy = [...state.items];
  for (const { answers, at, shown } of placeImages(images, state.withImages)) {
    if (form.images === "behind") copy.splice(at + answers.length, 0, imageMessage([...shown.values()].flat()));
    else for (const [index, list] of shown) copy[at + index] = withImages(copy[at + index], list);
  }
  return copy;
}

function begin(target: ReplyTarget): Built {
  return { target, items: [], ids: createCallIds("any"), lastIds: [], withImages: [] };
}

function addMessage(state: Built, message: Message, place: number): void {
  switch (message.role) {
    case "user":
      state.items.push({ role: "user", content: message.text });
      return;
    case "assistant":
      addReply(state, message, place);
      return;
    case "tool":
      if (message.answers.some(({ images }) => images !== undefined))
        state.withImages.push({ answers: message.answers, at: state.items.length });
      for (const [index, answer] of message.answers.entries())
        state.items.push({
          type: "function_call_output",
          call_id: state.lastIds[index] ?? "",
          output: answerText(answer),
        });
  }
}

function withImages(item: unknown, images: readonly Image[]): object {
  const output = isRecord(item) ? item : {};
  const text = { type: "input_text", text: output.output };
  return { ...output, output: [text, ...images.map(imagePart)] };
}

function imageMessage(images: readonly Image[]): object {
  return { role: "user", content: [{ type: "input_text", text: IMAGES_ABOVE }, ...images.map(imagePart)] };
}

function imagePart(image: Image): object {
  return { type: "input_image", image_url: dataUrl(image) };
}

/** A reply of the same model at the same address as it came, another as text and calls: its reasoning means nothing here. */
function addReply(state: Built, reply: AssistantMessage, place: number): void {
  const { raw, content } = reply;
  const isOwn = mayReturn(reply, state.target);
  const ids: string[] = [];
  const nextId = (id: unknown) => {
    const next = state.ids.next(id, `${place}:${ids.length}`, isOwn);
    ids.push(next);
    return next;
  };
  if (isOwn && Array.isArray(raw.content)) {
    for (const item of raw.content) state.items.push(isCall(item) ? sameCall(item, nextId(item.call_id)) : item);
  } else {
    if (content.text !== "") state.items.push({ role: "assistant", content: content.text });
    for (const { id, name, arguments: written } of content.calls)
      state.items.push({
        type: "function_call",
        call_id: nextId(id),
        name: toFunctionName(name),
        arguments: JSON.stringify(written),
      });
  }
  state.lastIds = ids;
}

function isCall(item: unknown): item is Readonly<Record<string, unknown>> {
  return isRecord(item) && item.type === "function_call";
}

/** The call itself, where nothing has to be given or mended. */
function sameCall(item: Readonly<Record<string, unknown>>, id: string): object {
  const text = toArgumentsText(item.arguments);
  return item.call_id === id && item.arguments === text ? item : { ...item, call_id: id, arguments: text };
}
