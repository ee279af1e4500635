/** The rest of a run's money and tokens: within its own limits, those of the runs above it, of its session and of the day. */
import type { History } from "../../core/journal/history-state.js";
import type { RunStore } from "../../core/ports/run-store.js";
import {
  type Allowance,
  type Ceiling,
  grantedNow,
  grantedOutput,
  leftOf,
  type RequestPlan,
  type Reservation,
  restsOf,
  type Scope,
  type Spent,
} from "../../core/run/budget.js";
import { addCosts, toUsd } from "../../core/run/cost.js";
import { budgetBreach } from "../../core/run/limits.js";
import type { Run, RunFailure } from "../../core/run/run.js";

export type Costs = Pick<RunStore, "spentIn" | "limitsAbove">;

/** The limits of the configuration for all runs of a host's connection, and of a day. */
export interface Allowances {
  readonly session: Allowance;
  readonly day: Allowance;
}

/** A limit that leaves no room for another request. */
export interface Breach {
  readonly failure: RunFailure;
  /** The run whose limit it is; null for one of the session or the day. */
  readonly runId: string | null;
  /** False where the cost so far is unknown. */
  readonly isKnown: boolean;
}

export interface Budget {
  /** The first limit that has run out, or that leaves too little for a request: of the run itself, of the runs above it, of the session, of the day. */
  breach(plan?: () => RequestPlan): Promise<Breach | null>;
  readonly isLimited: boolean;
  /** The name of the line in which runs with the same limits wait. */
  readonly line: string;
  /** The limits that a request has to keep. */
  reservationFor(plan: RequestPlan): Promise<Reservation>;
  /** Whether a request has room beside those in flight. */
  hasRoom(plan: RequestPlan): Promise<boolean>;
  /** The rest for the run and its children; null is without limit. */
  left(): Promise<{ readonly usd: number | null; readonly tokens: number | null }>;
}

const UNLIMITED: Budget = {
  isLimited: false,
  line: "",
  breach: async () => null,
  reservationFor: async (plan) => ({ plan, ceilings: [] }),
  hasRoom: async () => true,
  left: async () => ({ usd: null, tokens: null }),
};

/** The limit of the session or the day that lets no run start any more; null where none does. */
export async function usedUpFor(
  sessionId: string,
  { session, day }: Allowances,
  costs: Pick<Costs, "spentIn">,
): Promise<RunFailure | null> {
  const ceilings = [ceilingOf({ kind: "session", of: sessionId }, session), ceilingOf({ kind: "day" }, day)];
  for (const ceiling of ceilings.filter(isLimited)) {
    const spent = await costs.spentIn(ceiling.scope, "");
    const left = leftOf(ceiling, spent, { others: spent.runs, withReserved: false });
    if (left.usd <= 0 || left.tokens <= 0) return budgetBreach(ceiling, spent, ownerOf(ceiling.scope, "", 0), null);
  }
  return null;
}

type Member = Pick<Run, "id" | "parentRunId" | "rootRunId" | "request">;

/**
 * The run's own use comes from its history, which also holds events that are not saved yet; that of other runs comes from the
 * store. A run without a limit asks the store nothing: a limit above it would have given it one.
 */
export function createBudget(run: Member, history: History, costs: Costs, { session, day }: Allowances): Budget {
  const { maxCostUsd, maxTokens } = run.request.limits;
  const shared: readonly Ceiling[] = [
    ceilingOf({ kind: "session", of: run.rootRunId }, session),
    ceilingOf({ kind: "day" }, day),
  ].filter(isLimited);
  if (maxCostUsd === null && maxTokens === null && shared.length === 0) return UNLIMITED;
  let above: readonly Ceiling[] | null = null;

  async function ceilings(): Promise<readonly Ceiling[]> {
    above ??=
      run.parentRunId === null
        ? []
        : (await costs.limitsAbove(run.parentRunId)).map(({ runId, ...most }) => ({
            scope: { kind: "tree", runId },
            ...most,
          }));
    const own: Ceiling = {
      scope: { kind: "tree", runId: run.id },
      usd: maxCostUsd === null ? null : toUsd(maxCostUsd + history.moreCostUsd),
      tokens: maxTokens === null ? null : maxTokens + history.moreTokens,
    };
    return [own, ...above, ...shared].filter(isLimited);
  }

  async function spentIn(scope: Scope): Promise<Spent> {
    const spent = await costs.spentIn(scope, run.id);
    if (scope.kind === "day") return spent;
    return { ...spent, usd: addCosts(history.spentUsd, spent.usd), tokens: spent.tokens + history.spentTokens };
  }

  return {
    isLimited: true,
    line: shared.length > 0 ? "all" : run.rootRunId,
    async breach(planned) {
      const plan = planned?.() ?? null;
      for (const ceiling of await ceilings()) {
        const spent = await spentIn(ceiling.scope);
        const left = leftOf(ceiling, spent, { others: spent.runs, withReserved: false });
        const isOver = left.usd <= 0 || left.tokens <= 0;
        if (plan === null ? !isOver : grantedOutput(plan, [left]) > 0) continue;
        const { scope } = ceiling;
        const failure = budgetBreach(ceiling, spent, ownerOf(scope, run.id, spent.runs), plan);
        return { failure, runId: scope.kind === "tree" ? scope.runId : null, isKnown: spent.usd !== null };
      }
      return null;
    },
    async reservationFor(plan) {
      return { plan, ceilings: await ceilings() };
    },
    async hasRoom(plan) {
      const rests = [];
      for (const ceiling of await ceilings()) {
        const spent = await spentIn(ceiling.scope);
        rests.push(restsOf(ceiling, spent, spent.runs));
      }
      return grantedNow(plan, rests) > 0;
    },
    async left() {
      let [usd, tokens] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (const ceiling of await ceilings()) {
        if (ceiling.scope.kind !== "tree") continue; // those hold for its children by themselves
        const left = leftOf(ceiling, await spentIn(ceiling.scope), { others: 0, withReserved: false });
        usd = Math.min(usd, left.usd);
        tokens = Math.min(tokens, left.tokens);
      }
      return { usd: finite(usd), tokens: finite(tokens) };
    },
  };
}

function ceilingOf(scope: Scope, { maxCostUsd, maxTokens }: Allowance): Ceiling {
  return { scope, usd: maxCostUsd, tokens: maxTokens };
}

function isLimited({ usd, tokens }: Ceiling): boolean {
  return usd !== null || tokens !== null;
}

/** Null for a rest without limit, else at least 0; an unknown rest is none. */
function finite(rest: number): number | null {
  return rest === Number.POSITIVE_INFINITY ? null : Math.max(0, toUsd(Math.max(rest, 0)));
}

function ownerOf(scope: Scope, ownId: string, others: number): string {
  switch (scope.kind) {
    case "session":
      return "the runs of this session";
    case "day":
      return "the runs of today";
    case "tree": {
      const owner = scope.runId === ownId ? "the run" : `the run ${scope.runId} above it`;
      return others === 0 ? owner : `${owner} and its children`;
    }
  }
}
