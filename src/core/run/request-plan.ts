/** How much a request to a model will take, estimated before it is made. */
import type { History } from "../journal/history-state.js";
import type { RequestPlan } from "./budget.js";
import type { Price } from "./cost.js";
import { LEAST_OUTPUT_TOKENS } from "./limits.js";
import type { Message, ToolDeclaration } from "./message.js";

const TOKENS = 1_000_000; // a price is for this many
const BYTES_A_TOKEN = 3; // fewer than in any text that models are measured with
const FIRST_OUTPUT = 16_000; // tokens: more than most replies of agents need, few enough to leave room for others
const GROWTH = 4; // times the longest reply so far
const LEAST_ROOM = 4_096; // tokens
const MOST_ROOM = 32_000; // tokens
const LAST_OUTPUT = 8_000; // tokens of an agent's last reply

interface Planned {
  readonly history: Pick<History, "messages" | "lastUsage" | "longestReply">;
  readonly system: string;
  readonly tools: readonly ToolDeclaration[];
  readonly price: Price | null;
  /** Null leaves it to the vendor. */
  readonly maxOutputTokens: number | null;
  readonly isLast: boolean;
}

/** The vendor's count of the last request holds for its part of this one; the rest is estimated. */
export function planRequest({ history, system, tools, price, maxOutputTokens, isLast }: Planned): RequestPlan {
  const { messages, lastUsage } = history;
  const known = lastUsage === null ? 0 : lastUsage.usage.input + lastUsage.usage.output + lastUsage.usage.thinking;
  const cached = lastUsage?.usage.cached ?? 0;
  const since = messages.slice(lastUsage?.messages ?? 0);
  const fixed = lastUsage === null ? bytesOf(system) + bytesOf(JSON.stringify(tools)) : 0;
  const fresh = Math.ceil((fixed + since.reduce((sum, message) => sum + messageBytes(message), 0)) / BYTES_A_TOKEN);
  const { input = 0, output = 0, cached: cachedPrice = 0, cacheWrite = input } = price ?? {};
  const usd = cached * cachedPrice + (known - cached + fresh) * Math.max(input, cacheWrite);
  const most = maxOutputTokens ?? (isLast ? LAST_OUTPUT : roomFor(history.longestReply));
  return {
    inputTokens: known + fresh,
    inputUsd: usd / TOKENS,
    usdPerOutputToken: output / TOKENS,
    outputTokens: isLast ? Math.min(most, LAST_OUTPUT) : most,
    leastOutputTokens: Math.min(LEAST_OUTPUT_TOKENS, most),
    isLast,
  };
}

/** The tokens of output for a run whose longest reply had so many. */
function roomFor(longest: number): number {
  return longest === 0 ? FIRST_OUTPUT : Math.min(Math.max(longest * GROWTH, LEAST_ROOM), MOST_ROOM);
}

function messageBytes(message: Message): number {
  switch (message.role) {
    case "user":
      return bytesOf(message.text);
    case "assistant":
      return bytesOf(JSON.stringify(message.isFolded ? message.content : message.raw.content) ?? "");
    case "tool":
      return message.answers.reduce((sum, answer) => sum + bytesOf(answer?.text ?? ""), 0);
  }
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
