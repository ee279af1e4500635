/** How much a request to a model will take, estimated before it is made. */
import type { RequestPlan } from "./budget.js";
import { PRICED_TOKENS, type Price } from "./cost.js";
import { LEAST_OUTPUT_TOKENS } from "./limits.js";
import { type Counted, type Overhead, tokensOfNext } from "./tokens.js";

const FIRST_OUTPUT = 16_000; // tokens: more than most replies of agents need, few enough to leave room for others
const GROWTH = 4; // times the longest reply so far
const LEAST_ROOM = 4_096; // tokens
const MOST_ROOM = 32_000; // tokens
const LAST_OUTPUT = 8_000; // tokens of an agent's last reply

interface Planned extends Overhead {
  readonly history: Counted & { readonly longestReply: number };
  readonly price: Price | null;
  /** Null leaves it to the vendor. */
  readonly maxOutputTokens: number | null;
  readonly isLast: boolean;
}

/** The input as far as the vendor has counted it, the rest as reckoned; and the output as the run's replies so far suggest it. */
export function planRequest({ history, price, maxOutputTokens, isLast, ...overhead }: Planned): RequestPlan {
  const { counted, reckoned } = tokensOfNext(history, overhead);
  const cached = history.lastUsage?.usage.cached ?? 0;
  const { input = 0, output = 0, cached: cachedPrice = 0, cacheWrite = input } = price ?? {};
  const usd = cached * cachedPrice + (counted - cached + reckoned) * Math.max(input, cacheWrite);
  const most = maxOutputTokens ?? (isLast ? LAST_OUTPUT : roomFor(history.longestReply));
  return {
    inputTokens: counted + reckoned,
    inputUsd: usd / PRICED_TOKENS,
    usdPerOutputToken: output / PRICED_TOKENS,
    outputTokens: isLast ? Math.min(most, LAST_OUTPUT) : most,
    leastOutputTokens: Math.min(LEAST_OUTPUT_TOKENS, most),
    isLast,
  };
}

/** The tokens of output for a run whose longest reply had so many. */
function roomFor(longest: number): number {
  return longest === 0 ? FIRST_OUTPUT : Math.min(Math.max(longest * GROWTH, LEAST_ROOM), MOST_ROOM);
}
