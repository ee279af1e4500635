/** Limits: their defaults, their ranges, and the check for a limit that has run out. */

import type { History } from "../journal/history-state.js";
import { type Ceiling, leftOf, type RequestPlan, type Spent } from "./budget.js";
import { usdText } from "./cost.js";
import type { RunFailure, RunLimits } from "./run.js";

export const DEFAULT_LIMITS: RunLimits = {
  maxTurns: 30,
  timeoutSeconds: 600,
  toolTimeoutSeconds: 60,
  progressExtension: 10,
  stallSeconds: 300,
  maxDepth: 1,
  maxCostUsd: null,
  maxTokens: null,
  maxImages: 8,
  maxImageMb: 5,
  maxResultMb: 8,
  maxStoredMb: 200,
};

export const DEFAULT_MAX_CONCURRENT_RUNS = 8;

/** A reply with room for fewer tokens is no use: the agent ends instead. */
export const LEAST_OUTPUT_TOKENS = 1024;

/** MiB of one message of a host. */
export const DEFAULT_MAX_MESSAGE_MIB = 64;

/** Milliseconds that a lease on a run lasts without renewal; after that the run counts as interrupted. */
export const LEASE_MS = 15_000;

/** The largest values that a caller may ask for. */
export const MOST = {
  maxTurns: 10_000,
  seconds: 7 * 24 * 3600,
  concurrentRuns: 10_000,
  messageMiB: 256, // Node reads a message as one string, which has at most 512 MiB
  depth: 10,
  images: 100,
  imageMb: 20,
  resultMb: 64, // a message of a server has no more
  storedMb: 100_000,
  extension: 1_000,
  models: 10, // one behind another
  temperature: 2, // no vendor takes more
  tokens: 1_000_000_000_000, // as a limit
  outputTokens: 1_000_000, // of one reply
  usd: 1_000_000, // as a limit and as a price
  questionBytes: 4_000, // of an agent's question, so that every host can show it whole
  optionsBytes: 2_000, // of all its options, as JSON
  textFromPerson: 20_000, // characters of an answer, comment or message to a run
} as const;

/** The crashes of a run between two finished replies or calls after which legwork still recovers it. */
export const MAX_ATTEMPTS = 3;

/** Milliseconds after an interruption within which legwork resumes a run by itself. */
export const RESUMED_WITHIN_MS = 3_600_000;

/** Whether a run at this depth may start others. */
export function canSpawn(depth: number, { maxDepth }: RunLimits): boolean {
  return depth < maxDepth;
}

/** The failure where no turn is left, or null. */
export function firstBreach({ maxTurns }: RunLimits, { turnsUsed, moreTurns }: History): RunFailure | null {
  const most = maxTurns + moreTurns;
  if (turnsUsed < most) return null;
  const turns = most === 1 ? "its 1 turn" : `its ${most} turns`;
  return { code: "max_turns", message: `the run used ${turns} (max_turns) before it was done` };
}

/** The failure where a limit on money or tokens leaves no room for another request; `whose` names the spender. An unknown cost is a breach. */
export function budgetBreach(most: Ceiling, spent: Spent, whose: string, plan: RequestPlan | null): RunFailure {
  const { usd, tokens } = leftOf(most, spent, { others: 0, withReserved: false });
  const isTokens = most.usd === null || (usd > 0 && (tokens <= 0 || (plan !== null && tokens <= plan.inputTokens)));
  const end = most.scope.kind === "tree" ? " before it was done" : "";
  const rest = usd > 0 && tokens > 0 ? ", and the rest is too little for another reply" : end;
  if (isTokens && most.tokens !== null) {
    const message = `${whose} used ${spent.tokens} of ${most.tokens} tokens (max_tokens${fieldOf(most)})${rest}`;
    return { code: "max_tokens", message };
  }
  const mostUsd = most.usd ?? 0;
  const message =
    spent.usd === null
      ? `the cost of ${whose} is unknown because a reply came without its count of tokens, so the limit of ${usdText(mostUsd)} (max_cost_usd${fieldOf(most)}) cannot be kept`
      : `${whose} spent ${usdText(spent.usd)} of ${usdText(mostUsd)} (max_cost_usd${fieldOf(most)})${rest}`;
  return { code: "max_cost_usd", message };
}

/** Where in the configuration the limit stands, where it is not the run's own. */
function fieldOf({ scope }: Ceiling): string {
  return scope.kind === "tree" ? "" : ` of limits.${scope.kind}`;
}
