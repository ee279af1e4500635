/** What a run is worked with, put together for one run. */

import type { AgentDeps } from "../loop/run-agent.js";
import type { RuntimeParts, Setup } from "../runtime.js";
import type { RunProvider } from "./model-in-step.js";
import type { ProviderEntry } from "./resolve-provider.js";

/** Opens the providers that the run and its steps need. */
export async function openAgentDeps(
  entries: ReadonlyMap<string, ProviderEntry>,
  { downstream, conditions }: Setup,
  { store, schemas, clock, readReply, resolveToolSet, redact, callChildren }: RuntimeParts,
): Promise<AgentDeps> {
  return {
    providers: await openProviders(entries),
    downstream,
    conditions,
    schemas,
    clock,
    readReply,
    resolveToolSet,
    redact,
    callChildren,
    keepText: store.putBlob,
    readText: store.getBlob,
    costs: store,
  };
}

async function openProviders(entries: ReadonlyMap<string, ProviderEntry>): Promise<ReadonlyMap<string, RunProvider>> {
  const opened = [...entries.values()].map(
    async ({ name, defaultModel, priceOf, open }) => [name, { provider: await open(), defaultModel, priceOf }] as const,
  );
  return new Map(await Promise.all(opened));
}
