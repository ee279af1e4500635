/** Opens what the loop of one run needs. */

import type { ReadReply } from "../../core/journal/history-state.js";
import type { Clock } from "../../core/ports/clock-and-log.js";
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import { pacedProvider } from "../pace/paced-provider.js";
import type { Pacer } from "../pace/pacer.js";
import type { RunProvider } from "../request/model-in-step.js";
import type { Setup } from "../request/setup.js";
import type { BudgetLines } from "../state/budget-lines.js";
import type { AgentDeps, ChildRuns } from "../state/turn-context.js";
import type { ResolveToolSet } from "../tools/tool-set.js";

export interface OpenAgentDeps {
  readonly store: Pick<RunStore, "getBlob" | "spentIn" | "limitsAbove" | "lastEvents" | "getRun">;
  readonly schemas: JsonSchemas;
  readonly clock: Clock;
  readonly redact: Redact;
  readonly readReply: ReadReply;
  readonly resolveToolSet: ResolveToolSet;
  readonly childRuns: ChildRuns;
  readonly budgetLines: BudgetLines;
  readonly pacer: Pacer;
}

/** Opens the providers of a run and its steps. */
export type OpenAgent = (entries: ReadonlyMap<string, ProviderEntry>, setup: Setup) => Promise<AgentDeps>;

export function createOpenAgent({ store, pacer, ...deps }: OpenAgentDeps): OpenAgent {
  return async (entries, { downstream, conditions, settings }) => ({
    ...deps,
    providers: await openProviders(entries, pacer),
    downstream,
    conditions,
    readBlob: store.getBlob,
    journals: store,
    costs: store,
    allowances: settings.allowances,
    blockedNow: settings.blockedTools,
  });
}

async function openProviders(
  entries: ReadonlyMap<string, ProviderEntry>,
  pacer: Pacer,
): Promise<ReadonlyMap<string, RunProvider>> {
  const opened = [...entries.values()].map(async ({ name, open, ...entry }) => {
    const provider = pacedProvider(await open(), entry.account, pacer);
    return [name, { ...entry, provider }] as const;
  });
  return new Map(await Promise.all(opened));
}
