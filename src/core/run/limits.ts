/** Limits: their defaults and ranges, and which one has run out. */
import { usdText } from "./cost.js";
import type { History } from "./history.js";
import type { RunFailure, RunLimits } from "./run.js";

export const DEFAULT_LIMITS: RunLimits = {
  maxTurns: 30,
  timeoutSeconds: 600,
  toolTimeoutSeconds: 60,
  stallSeconds: 300,
  maxDepth: 1,
  maxCostUsd: null,
};

export const DEFAULT_MAX_CONCURRENT_RUNS = 8;

/** Milliseconds that a hold on a run lasts without being renewed; a run whose owner fell silent is given up after this. */
export const LEASE_MS = 15_000;

/** The most that may be asked for; more is a mistake, not a wish. */
export const MOST = {
  maxTurns: 10_000,
  seconds: 7 * 24 * 3600,
  concurrentRuns: 10_000,
  depth: 10,
  usd: 1_000_000, // of a limit, and of a price
  textFromPerson: 20_000, // characters of one answer, comment or message
} as const;

/** How often a run is taken over without anything in it having been finished in between. */
export const MAX_ATTEMPTS = 3;

/** Milliseconds after which an interrupted run goes on only when somebody asks for it. */
export const RESUMED_WITHIN_MS = 3_600_000;

/** Whether a run at this depth may start others. */
export function canSpawn(depth: number, { maxDepth }: RunLimits): boolean {
  return depth < maxDepth;
}

/** The first limit that leaves no room for another turn, or null. */
export function firstBreach({ maxTurns }: RunLimits, { turnsUsed, moreTurns }: History): RunFailure | null {
  const most = maxTurns + moreTurns;
  if (turnsUsed < most) return null;
  const turns = most === 1 ? "its 1 turn" : `its ${most} turns`;
  return { code: "max_turns", message: `the run used ${turns} (max_turns) before it was done` };
}

/** Why nothing more may be spent, or null; `whose` says who has spent it. What is not known keeps no limit. */
export function costBreach(spentUsd: number | null, mostUsd: number, whose: string): RunFailure | null {
  if (spentUsd !== null && spentUsd < mostUsd) return null;
  const message =
    spentUsd === null
      ? `what ${whose} spent is not known, for a reply came without its count of tokens, so that the limit of ${usdText(mostUsd)} (max_cost_usd) cannot be kept`
      : `${whose} spent ${usdText(spentUsd)} of ${usdText(mostUsd)} (max_cost_usd) before it was done`;
  return { code: "max_cost_usd", message };
}
