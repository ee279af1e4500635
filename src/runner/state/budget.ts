/** The money that a run may still spend, within its own limit and the limits of the runs above it. */

import type { History } from "../../core/journal/history-state.js";
import type { CostLimit, RunStore } from "../../core/ports/run-store.js";
import { addCosts, toUsd } from "../../core/run/cost.js";
import { costBreach } from "../../core/run/limits.js";
import type { Run, RunFailure } from "../../core/run/run.js";

export type Costs = Pick<RunStore, "costOfTree" | "costLimits">;

/** A limit that leaves no room for another request. */
export interface CostBreach {
  readonly failure: RunFailure;
  /** The run whose limit it is. */
  readonly runId: string;
  /** False where the cost so far is unknown. */
  readonly isKnown: boolean;
}

export interface Budget {
  /** The first cost limit that has run out: of the run itself, then of the runs above it. */
  breach(): Promise<CostBreach | null>;
  /** The USD that the run and its children may still spend; null is without limit. */
  usdLeft(): Promise<number | null>;
}

const UNLIMITED: Budget = { breach: async () => null, usdLeft: async () => null };

/**
 * The run's own cost comes from its history, which also holds events that are not saved yet; the cost of other runs comes
 * from the store. A run without a limit asks the store nothing: a limit above it would have given it one.
 */
export function createBudget(run: Pick<Run, "id" | "parentRunId" | "request">, history: History, costs: Costs): Budget {
  const { maxCostUsd } = run.request.limits;
  if (maxCostUsd === null) return UNLIMITED;
  const ownLimit = () => ({ runId: run.id, usd: toUsd(maxCostUsd + history.moreCostUsd) });
  let above: readonly CostLimit[] | null = null;

  async function limits(): Promise<readonly CostLimit[]> {
    above ??= run.parentRunId === null ? [] : await costs.costLimits(run.parentRunId);
    return [ownLimit(), ...above];
  }

  async function spentIn(runId: string) {
    const { runs, costUsd } = await costs.costOfTree(runId, run.id);
    return { others: runs, usd: addCosts(history.spentUsd, costUsd) };
  }

  async function breachOf({ runId, usd: limitUsd }: CostLimit): Promise<CostBreach | null> {
    const { others, usd } = await spentIn(runId);
    const owner = runId === run.id ? "the run" : `the run ${runId} above it`;
    const failure = costBreach(usd, limitUsd, others === 0 ? owner : `${owner} and its children`);
    return failure && { failure, runId, isKnown: usd !== null };
  }

  return {
    async breach() {
      for (const limit of await limits()) {
        const breach = await breachOf(limit);
        if (breach) return breach;
      }
      return null;
    },
    async usdLeft() {
      const left: number[] = [];
      for (const { runId, usd } of await limits()) {
        const spent = (await spentIn(runId)).usd;
        left.push(spent === null ? 0 : toUsd(usd - spent));
      }
      return Math.max(0, Math.min(...left));
    },
  };
}
