/** Tokens, as legwork reckons them where no vendor has counted. */
import type { History } from "../journal/history-state.js";
import { tokensOf } from "./cost.js";
import type { Message, ToolAnswerMessage, ToolDeclaration } from "./message.js";

const BYTES = 3; // of UTF-8 a token: most texts have more, so that the estimate is rather too high
const EACH = 10; // tokens around a message, a call or an answer
const IMAGE = 1_500; // tokens; vendors count between 250 and 5,000

/** Bytes of UTF-8 that make so many tokens. */
export function bytesOfTokens(tokens: number): number {
  return Math.floor(tokens * BYTES);
}

export function tokensOfText(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES);
}

/** A conversation as far as its tokens go. */
export interface Counted {
  readonly messages: readonly Message[];
  readonly lastUsage: History["lastUsage"];
}

/** The parts of a request beside its messages. */
export interface Overhead {
  readonly system: string;
  readonly tools: readonly ToolDeclaration[];
  /** The most images that go with it. */
  readonly mostImages: number;
}

/** The tokens of the next request: the vendor's count of the last one with its reply, and the rest as legwork reckons it. */
export function tokensOfNext({ messages, lastUsage }: Counted, overhead: Overhead) {
  if (lastUsage === null) return { counted: 0, reckoned: tokensReckoned(messages, overhead) };
  const since = messages.slice(lastUsage.messages);
  return { counted: tokensOf(lastUsage.usage), reckoned: tokensOfMessages(since, overhead.mostImages) };
}

/** The tokens of a request without a vendor's count. */
export function tokensReckoned(messages: readonly Message[], overhead: Overhead): number {
  return tokensOfMessages(messages, overhead.mostImages) + tokensOfOverhead(overhead);
}

const sizes = new WeakMap<readonly ToolDeclaration[], number>(); // there may be hundreds of large schemas

/** The tokens of what is no message: instructions and tools. */
export function tokensOfOverhead({ system, tools }: Omit<Overhead, "mostImages">): number {
  const known = sizes.get(tools) ?? tokensOfText(JSON.stringify(tools));
  sizes.set(tools, known);
  return known + tokensOfText(system);
}

/** The tokens of messages; at most `mostImages` of their images go with a request. */
export function tokensOfMessages(messages: readonly Message[], mostImages: number): number {
  const tokens = messages.reduce((sum, message) => sum + tokensOfMessage(message), 0);
  const images = messages.reduce((sum, message) => sum + imagesIn(message), 0);
  return tokens + Math.min(images, mostImages) * IMAGE;
}

function tokensOfMessage(message: Message): number {
  switch (message.role) {
    case "user":
      return EACH + tokensOfText(message.text);
    case "assistant":
      return EACH + tokensOfText(JSON.stringify(message.isFolded ? message.content : message.raw.content) ?? "");
    case "tool":
      return answersOf(message).reduce((sum, { call, text }) => sum + EACH + tokensOfText(call.name + text), EACH);
  }
}

function imagesIn(message: Message): number {
  return message.role === "tool" ? answersOf(message).reduce((sum, { images = [] }) => sum + images.length, 0) : 0;
}

/** Without the gaps of calls that have no answer yet. */
function answersOf({ answers }: { readonly answers: readonly ToolAnswerMessage[] }): readonly ToolAnswerMessage[] {
  return answers.filter((answer) => answer !== undefined);
}
