/** Converts our request to one of chat completions, in the form that its host takes. */
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
import { isRecord } from "../../../lib/is-record.js";
import { createGrowing } from "../../http/growing.js";
import { answerText } from "../content/answer-text.js";
import { type CallIds, createCallIds } from "../content/call-ids.js";
import { toFunctionName } from "../content/function-name.js";
import { type AnswersAt, dataUrl, IMAGES_ABOVE, placeImages } from "../content/place-images.js";
import { toArgumentsText } from "../content/read-arguments.js";
import { toParameters } from "../content/to-parameters.js";
import { effortWithin } from "../effort.js";
import type { ChatTolerances } from "../hosts.js";
import type { ChatRequest } from "./wire.js";

/** The body of a request; `tools` are its tools, from `toChatTools`. */
export function toChatRequest(
  request: ModelRequest,
  tools: readonly object[],
  tolerances: ChatTolerances,
  target: ReplyTarget,
): ChatRequest {
  const system = request.system === "" ? [] : [{ role: "system", content: request.system }];
  return {
    model: request.model,
    messages: [...system, ...messagesOf(request, tolerances, target)],
    ...(tools.length > 0 && { tools }),
    ...settingsOf(request.settings ?? NO_MODEL_SETTINGS, tolerances),
    stream: true,
    ...(tolerances.countsStreams && { stream_options: { include_usage: true } }),
    ...(tolerances.cost && { usage: { include: true } }),
    ...(tolerances.store && { store: false }),
  };
}

function settingsOf({ effort, temperature, maxOutputTokens }: ModelSettings, tolerances: ChatTolerances) {
  const { effortField, mostEffort, limitFields } = tolerances;
  const [limitField] = limitFields;
  const asked = effort === null || mostEffort === "none" ? null : effortWithin(effort, mostEffort);
  const level = mostEffort === "none" ? "none" : asked;
  return {
    ...(limitField !== undefined && maxOutputTokens !== null && { [limitField]: maxOutputTokens }),
    ...(tolerances.temperature && temperature !== null && { temperature }),
    ...(effortField === "reasoning_effort" && level !== null && { reasoning_effort: level }),
    ...(effortField === "reasoning" && level !== null && { reasoning: { effort: level } }),
  };
}

/** The tools as functions. */
export function toChatTool({ name, description, inputSchema }: ToolDeclaration): object {
  return {
    type: "function",
    function: { name: toFunctionName(name), description, parameters: toParameters(inputSchema) },
  };
}

interface Built {
  readonly tolerances: ChatTolerances;
  readonly target: ReplyTarget;
  readonly items: object[];
  readonly ids: CallIds;
  /** Of the last reply, in the order of its calls. */
  lastIds: readonly string[];
  /** Answers with images; the place is that behind them. */
  readonly withImages: AnswersAt[];
}

const grow = createGrowing(addMessage);

function messagesOf(
  { messages, images }: ModelRequest,
  tolerances: ChatTolerances,
  target: ReplyTarget,
): readonly object[] {
  const fits = (known: Built) => known.tolerances === tolerances && isSameTarget(known.target, target);
  const { items, withImages } = grow(messages, fits, () => begin(tolerances, target));
  const copy = [...items];
  for (const { at, shown } of placeImages(images, withImages))
    copy.splice(at, 0, imageMessage([...shown.values()].flat().map(dataUrl)));
  return copy;
}

function begin(tolerances: ChatTolerances, target: ReplyTarget): Built {
  return {
    tolerances,
    target,
    items: [],
    ids: createCallIds(tolerances.callIds),
    lastIds: [],
    withImages: [],
  };
}

function addMessage(state: Built, message: Message, place: number): void {
  switch (message.role) {
    case "user":
      state.items.push({ role: "user", content: message.text });
      return;
    case "assistant":
      state.items.push(toAssistant(state, message, place));
      return;
    case "tool":
      for (const [index, answer] of message.answers.entries())
        state.items.push({ role: "tool", tool_call_id: state.lastIds[index] ?? "", content: answerText(answer) });
      if (message.answers.some(({ images }) => images !== undefined))
        state.withImages.push({ answers: message.answers, at: state.items.length });
  }
}

/** Messages of tools take only text. */
function imageMessage(urls: readonly string[]): object {
  return {
    role: "user",
    content: [{ type: "text", text: IMAGES_ABOVE }, ...urls.map((url) => ({ type: "image_url", image_url: { url } }))],
  };
}

/** A reply of the same model at the same address as it came, another as far as this host knows it. */
function toAssistant(state: Built, reply: AssistantMessage, place: number): object {
  const { raw, content } = reply;
  const { tolerances, target } = state;
  const isOwn = mayReturn(reply, target);
  const message = isOwn && isRecord(raw.content) ? raw.content : {};
  const written = isOwn ? writtenCalls(message) : [];
  const isKept = tolerances.reasoning !== "stripped";
  const calls = content.calls.map((call, index) => {
    const own = written[index];
    const id = state.ids.next(own?.id ?? call.id, `${place}:${index}`, own !== undefined);
    if (own === undefined) return toCall(id, { name: toFunctionName(call.name), arguments: call.arguments });
    return isKept ? sameCall(own, id) : toCall(id, own.function);
  });
  state.lastIds = calls.map(({ id }) => id);
  const isDemanded = tolerances.reasoning === "demanded" && calls.length > 0;
  return {
    ...(isKept && withoutCalls(message, calls.length > 0)),
    role: "assistant",
    content: isOwn ? (message.content ?? "") : content.text,
    ...(isDemanded && { reasoning_content: reasoningIn(message) }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

type Called = { readonly name?: unknown; readonly arguments?: unknown };
type WrittenCall = Readonly<Record<string, unknown>> & { readonly function: Called };

/** The calls of a message as they came, each in the newer form. */
function writtenCalls(message: Readonly<Record<string, unknown>>): readonly WrittenCall[] {
  const { tool_calls, function_call } = message;
  const calls = Array.isArray(tool_calls) && tool_calls.length > 0 ? tool_calls : [{ function: function_call }];
  return calls.filter((call): call is WrittenCall => isRecord(call) && isRecord(call.function));
}

function toCall(id: string, called: Called) {
  return { id, type: "function", function: { name: called.name, arguments: toArgumentsText(called.arguments) } };
}

/** The call itself, where nothing has to be given or mended. */
function sameCall(call: WrittenCall, id: string): WrittenCall & { readonly id: string } {
  const text = toArgumentsText(call.function.arguments);
  const isSame = call.id === id && call.type === "function" && call.function.arguments === text;
  return isSame
    ? (call as WrittenCall & { readonly id: string })
    : { ...call, id, type: "function", function: { ...call.function, arguments: text } };
}

/** Some hosts refuse an empty list of calls, or a call in the older form. */
function withoutCalls(message: Readonly<Record<string, unknown>>, hasCalls: boolean): object {
  const left = hasCalls ? ["function_call"] : ["function_call", "tool_calls"];
  return Object.fromEntries(Object.entries(message).filter(([key]) => !left.includes(key)));
}

function reasoningIn({ reasoning_content, reasoning }: Readonly<Record<string, unknown>>): string {
  return [reasoning_content, reasoning].find((text) => typeof text === "string") ?? "";
}
