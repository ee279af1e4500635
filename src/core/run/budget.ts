/** The shares of requests in limits on money and tokens: reserved before each request, settled by its reply. */
import { toUsd } from "./cost.js";

/** The runs that share a limit: a run with all below it, all trees of a host's connection, or all runs of this home today. */
export type Scope =
  | { readonly kind: "tree"; readonly runId: string }
  /** `of` is the id of the connection's session, or of a run that it started. */
  | { readonly kind: "session"; readonly of: string }
  | { readonly kind: "day" };

/** A limit on what the runs of a scope may use together; null is without limit. */
export interface Ceiling {
  readonly scope: Scope;
  readonly usd: number | null;
  readonly tokens: number | null;
}

/** The limits that the configuration sets for a session and a day. */
export interface Allowance {
  readonly maxTokens: number | null;
  readonly maxCostUsd: number | null;
}

export const NO_ALLOWANCE: Allowance = { maxTokens: null, maxCostUsd: null };

/** The amounts that the runs of a scope have used, and that requests in flight have reserved. */
export interface Spent {
  readonly runs: number;
  /** Null where the cost of one of them is unknown. */
  readonly usd: number | null;
  readonly tokens: number;
  readonly reservedUsd: number;
  readonly reservedTokens: number;
}

/** A request before it is made: its input as estimated, and the output that it would like. */
export interface RequestPlan {
  readonly inputTokens: number;
  readonly inputUsd: number;
  readonly usdPerOutputToken: number;
  readonly outputTokens: number;
  /** With fewer tokens of output the request is no use. */
  readonly leastOutputTokens: number;
  /** Whether the request may go beyond a limit of which something is left: the last reply of an agent. */
  readonly isLast: boolean;
}

/** A plan with the limits that it has to keep, to be granted in the transaction that reserves it. */
export interface Reservation {
  readonly plan: RequestPlan;
  readonly ceilings: readonly Ceiling[];
}

/** The rest of a limit, and the whole of it. */
interface Left {
  readonly usd: number;
  readonly tokens: number;
  readonly whole: Pick<Ceiling, "usd" | "tokens">;
  /** Whether one run alone has used it: that one gets its last reply in any case. */
  readonly isAlone: boolean;
}

/** The tokens of output that what is left pays, at most those that the plan asks for; 0 where that is too few. */
export function grantedOutput(plan: RequestPlan, left: readonly Left[]): number {
  if (plan.isLast) return left.some((one) => !one.isAlone && isUsedUp(one)) ? 0 : plan.outputTokens;
  const paid = left.map((one) => {
    if (!isEverEnough(plan, one)) return isUsedUp(one) ? 0 : plan.outputTokens;
    return outputPaidBy(plan, one);
  });
  const granted = Math.floor(Math.min(plan.outputTokens, ...paid));
  return granted < plan.leastOutputTokens ? 0 : granted;
}

/**
 * The same beside requests in flight, which have reserved a part of what is left. A request gets what it would get without
 * them, or waits: a smaller part would cut its reply although the money is likely to come back.
 */
export function grantedNow(plan: RequestPlan, rests: readonly Rests[]): number {
  const now = grantedOutput(
    plan,
    rests.map(({ beside }) => beside),
  );
  return now <
    grantedOutput(
      plan,
      rests.map(({ alone }) => alone),
    )
    ? 0
    : now;
}

/** The rest of a limit with what others have reserved counted as spent, and without. */
interface Rests {
  readonly beside: Left;
  readonly alone: Left;
}

export function restsOf(ceiling: Ceiling, spent: Spent, others: number): Rests {
  return {
    beside: leftOf(ceiling, spent, { others, withReserved: true }),
    alone: leftOf(ceiling, spent, { others, withReserved: false }),
  };
}

function isUsedUp({ usd, tokens }: Left): boolean {
  return usd <= 0 || tokens <= 0;
}

/** A limit that would not pay one request even when unused is kept as well as it can be: it ends the work once it is used up. */
function isEverEnough(plan: RequestPlan, { whole: { usd, tokens } }: Left): boolean {
  const least = amountOf(plan, plan.leastOutputTokens);
  return (usd === null || least.usd <= usd) && (tokens === null || least.tokens <= tokens);
}

function outputPaidBy({ inputTokens, inputUsd, usdPerOutputToken }: RequestPlan, { usd, tokens }: Left): number {
  if (usd < inputUsd) return 0;
  const byMoney = usdPerOutputToken === 0 ? Number.POSITIVE_INFINITY : (usd - inputUsd) / usdPerOutputToken;
  return Math.min(tokens - inputTokens, byMoney);
}

interface LeftOptions {
  /** The other runs of the scope. */
  readonly others: number;
  readonly withReserved: boolean;
}

/** The rest of a ceiling; `withReserved` counts what other requests in flight have reserved as spent. */
export function leftOf({ scope, usd, tokens }: Ceiling, spent: Spent, { others, withReserved }: LeftOptions): Left {
  const { reservedUsd, reservedTokens } = withReserved ? spent : { reservedUsd: 0, reservedTokens: 0 };
  const known = spent.usd ?? Number.POSITIVE_INFINITY; // an unknown cost may be any
  return {
    usd: usd === null ? Number.POSITIVE_INFINITY : usd - known - reservedUsd,
    tokens: tokens === null ? Number.POSITIVE_INFINITY : tokens - spent.tokens - reservedTokens,
    whole: { usd, tokens },
    isAlone: scope.kind === "tree" && others === 0,
  };
}

/** The share of a request with so much output. */
export function amountOf({ inputTokens, inputUsd, usdPerOutputToken }: RequestPlan, outputTokens: number) {
  return { usd: toUsd(inputUsd + outputTokens * usdPerOutputToken), tokens: inputTokens + outputTokens };
}
