/** What a run may still spend: within its own limit and those of the runs above it, each on all that is below. */

import type { CostLimit, RunStore } from "../../core/ports/run-store.js";
import { addCosts, toUsd } from "../../core/run/cost.js";
import type { History } from "../../core/run/history.js";
import { canSpawn, costBreach } from "../../core/run/limits.js";
import type { Run, RunFailure } from "../../core/run/run.js";

export type Costs = Pick<RunStore, "costOfTree" | "costLimits">;

/** A limit that leaves no room for another request. */
export interface CostBreach {
  readonly failure: RunFailure;
  /** Whose limit it is. */
  readonly runId: string;
  /** False where it is not known what was spent. */
  readonly isKnown: boolean;
}

export interface Budget {
  /** The first limit on money that has run out, that of the run itself before those above it. */
  breach(): CostBreach | null;
  /** What the run and those that it starts may still spend; null is without limit. */
  usdLeft(): number | null;
}

const UNLIMITED: Budget = { breach: () => null, usdLeft: () => null };

/**
 * What the run itself has spent is in its history, also where that is not saved yet; what the others have, in the
 * database. That is not asked where the run has no limit: a limit above it would have given it one.
 */
export function createBudget(run: Pick<Run, "id" | "parentRunId" | "request">, history: History, costs: Costs): Budget {
  const { maxCostUsd: most } = run.request.limits;
  if (most === null) return UNLIMITED;
  const ownLimit = () => ({ runId: run.id, usd: toUsd(most + history.moreCostUsd) });
  let above: readonly CostLimit[] | null = null;

  function limits(): readonly CostLimit[] {
    above ??= run.parentRunId === null ? [] : costs.costLimits(run.parentRunId);
    return [ownLimit(), ...above];
  }

  function spentIn(runId: string) {
    const { runs, costUsd } = costs.costOfTree(runId, run.id);
    return { others: runs, usd: addCosts(history.spentUsd, costUsd) };
  }

  function breachOf({ runId, usd: mostUsd }: CostLimit): CostBreach | null {
    const { others, usd } = spentIn(runId);
    const owner = runId === run.id ? "the run" : `the run ${runId} above it`;
    const failure = costBreach(usd, mostUsd, others === 0 ? owner : `${owner} and those that it has started`);
    return failure && { failure, runId, isKnown: usd !== null };
  }

  return {
    breach() {
      for (const limit of limits()) {
        const breach = breachOf(limit);
        if (breach) return breach;
      }
      return null;
    },
    usdLeft() {
      const left = limits().map(({ runId, usd }) => {
        const spent = spentIn(runId).usd;
        return spent === null ? 0 : toUsd(usd - spent);
      });
      return Math.max(0, Math.min(...left));
    },
  };
}

/** What a run has cost with all that it has started; undefined where it has started nothing. */
export function costOfFamily(
  { id, costUsd, depth, request }: Pick<Run, "id" | "costUsd" | "depth" | "request">,
  costs: Pick<Costs, "costOfTree">,
): number | null | undefined {
  if (!canSpawn(depth, request.limits)) return undefined;
  const others = costs.costOfTree(id, id);
  return others.runs === 0 ? undefined : addCosts(costUsd, others.costUsd);
}
