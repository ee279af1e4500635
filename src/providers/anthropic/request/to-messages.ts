/** Converts the messages of a conversation to Anthropic's: the user and the model in turn. */
import type { ModelRequest } from "../../../core/ports/provider.js";
import {
  type AssistantMessage,
  mayReturn,
  type ReplyTarget,
  type ToolAnswerMessage,
  type ToolCall,
} from "../../../core/run/message.js";
import type { Block, WireMessage } from "../wire.js";
import { type CallIds, createCallIds } from "./call-ids.js";
import { placeImages, toImageBlock } from "./images.js";
import type { ToolChanges } from "./tool-changes.js";

/** The target of a request, and what may go there. */
export interface Target extends ReplyTarget {
  /** Replies to fewer messages go without their thinking. */
  readonly thinkingFrom: number;
  /** The changes of the tools; null where the request declares the tools of now. */
  readonly changes: ToolChanges | null;
}

/** The messages of a request. */
export function toWireMessages(
  { messages, images = NO_IMAGES }: Pick<ModelRequest, "messages" | "images">,
  target: Target,
): readonly WireMessage[] {
  const placed = placeImages(messages, images);
  const imagesIn = (answer: ToolAnswerMessage) =>
    (placed.get(answer) ?? []).flatMap((blob) => images.get(blob) ?? []).map(toImageBlock);
  const ids = createCallIds();
  const wire: WireMessage[] = [];
  let asked: readonly AskedCall[] = [];
  let user: UserRun = { answers: [], texts: [] };

  const endUserRun = (at: number): void => {
    const content = [...asked.map((call, place) => toToolResult(call, place, user.answers, imagesIn)), ...user.texts];
    if (content.length > 0) wire.push({ role: "user", content });
    // Anthropic takes changes only right behind a message of the user.
    const changes = wire.at(-1)?.role === "user" ? (target.changes?.upTo(at) ?? []) : [];
    if (changes.length > 0) wire.push({ role: "system", content: changes });
    asked = [];
    user = { answers: [], texts: [] };
  };

  for (const [index, message] of messages.entries()) {
    if (message.role === "user") user.texts.push(textBlock(message.text));
    else if (message.role === "tool") user.answers.push(...message.answers);
    else {
      const content = toAssistantContent(message, index >= target.thinkingFrom, target, ids);
      if (content.blocks.length === 0) continue; // Anthropic refuses empty messages
      endUserRun(index);
      wire.push({ role: "assistant", content: content.blocks });
      asked = content.asked;
    }
  }
  if (messages.at(-1)?.role !== "assistant") endUserRun(messages.length);
  return wire;
}

const NO_IMAGES: NonNullable<ModelRequest["images"]> = new Map();

/** The words of the user and the tools between two replies. */
interface UserRun {
  readonly answers: ToolAnswerMessage[];
  readonly texts: Block[];
}

/** A call of the last reply, with its id on the wire. */
interface AskedCall {
  readonly call: ToolCall;
  readonly id: string;
}

function toAssistantContent(
  message: AssistantMessage,
  withThinking: boolean,
  target: Target,
  ids: CallIds,
): { readonly blocks: readonly Block[]; readonly asked: readonly AskedCall[] } {
  const { raw, content } = message;
  const { text, calls } = content;
  const isOwn = mayReturn(message, target) && Array.isArray(raw.content);
  const wireIds = isOwn ? ids.keep(calls) : ids.replace(calls);
  const asked = calls.map((call, place) => ({ call, id: wireIds[place] ?? "" }));
  if (!isOwn) {
    const uses = asked.map(({ call, id }) => {
      return { type: "tool_use", id, name: legalName(call.name), input: call.arguments };
    });
    return { blocks: [...(text.trim() === "" ? [] : [textBlock(text)]), ...uses], asked };
  }
  const blocks = (raw.content as readonly Block[]).filter(
    (block) => !isEmptyText(block) && (withThinking || !isThinking(block)),
  );
  return { blocks, asked };
}

/** Anthropic writes such blocks now and then, and refuses them when they come back. */
function isEmptyText(block: Block): boolean {
  return (
    block.type === "text" && block.text === "" && Object.keys(block).every((key) => key === "type" || key === "text")
  );
}

function isThinking({ type }: Block): boolean {
  return type === "thinking" || type === "redacted_thinking";
}

/** A name that Anthropic takes, for a call that another model made of a tool that there is not. */
function legalName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "unnamed";
}

const EMPTY = "(empty)"; // Anthropic refuses texts without a letter

function textBlock(text: string): Block {
  return { type: "text", text: text.trim() === "" ? EMPTY : text };
}

/** The answer to a call; Anthropic refuses a conversation in which one is missing. */
function toToolResult(
  { call, id }: AskedCall,
  place: number,
  answers: readonly (ToolAnswerMessage | undefined)[],
  imagesIn: (answer: ToolAnswerMessage) => readonly Block[],
): Block {
  const isTo = (answer: ToolAnswerMessage | undefined) => answer?.call.id === call.id && answer.call.name === call.name;
  const answer = isTo(answers[place]) ? answers[place] : answers.find(isTo);
  if (answer === undefined)
    return {
      type: "tool_result",
      tool_use_id: id,
      content: [textBlock("There is no answer to this call.")],
      is_error: true,
    };
  return {
    type: "tool_result",
    tool_use_id: id,
    content: [textBlock(answer.text), ...imagesIn(answer)],
    ...(answer.isError && { is_error: true }),
  };
}
