/** Tokens, as legwork reckons them where no vendor has counted. */
import type { Message, ToolAnswerMessage } from "./message.js";

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
