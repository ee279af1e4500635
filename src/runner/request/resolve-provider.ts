/** Which provider and model a run uses, in each of its steps. */

import { ConfigError, RequestError } from "../../core/errors.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import { didYouMean } from "../../lib/nearest.js";
import type { RunSettings } from "./run-settings.js";

/** Who names a provider, a model of it, or a model alone. */
export interface Wish {
  readonly provider: string | null;
  readonly model: string | null;
  /** Where a file says so; missing for a caller, and for the configuration. */
  place?(field: string): string;
}

export interface Chosen {
  readonly entry: ProviderEntry;
  readonly model: string;
}

/** The first wish that names a provider decides, else the configuration, else the only provider that is ready. */
export async function resolveProvider(
  wishes: readonly Wish[],
  settings: RunSettings,
  providers: readonly ProviderEntry[],
): Promise<Chosen> {
  const all: readonly Wish[] = [...wishes, settings, { provider: onlyReady(providers), model: null }];
  const wish = all.find(({ provider }) => provider !== null);
  const name = wish?.provider ?? null;
  if (name === null) throw noProvider(providers);
  const entry = await placed(wish?.place?.("provider"), async () => entryNamed(name, providers));
  const modelWish = modelAmong(all, name);
  const model = modelWish?.model ?? entry.defaultModel;
  await placed(modelWish?.place?.("model"), () => entry.check(model));
  return { entry, model };
}

/** The entries that the run and its steps need, by name. Throws like resolveProvider. */
export async function entriesFor(
  chosen: Chosen,
  workflow: Workflow | null,
  providers: readonly ProviderEntry[],
  place: (part: string) => string,
): Promise<ReadonlyMap<string, ProviderEntry>> {
  const entries = new Map([[chosen.entry.name, chosen.entry]]);
  for (const { name, provider, model } of workflow?.steps ?? []) {
    if (provider === null && model === null) continue;
    const at = (field: string) => place(`steps.${name}.${field}`);
    const entry =
      provider === null ? chosen.entry : await placed(at("provider"), async () => entryNamed(provider, providers));
    const fallback = entry === chosen.entry ? chosen.model : entry.defaultModel;
    await placed(at(model === null ? "provider" : "model"), () => entry.check(model ?? fallback));
    entries.set(entry.name, entry);
  }
  return entries;
}

/** Names the place in the file of a wish that cannot be met. */
async function placed<T>(place: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (place === undefined || !(error instanceof RequestError)) throw error;
    throw new ConfigError(`${place}: ${error.message}`, { cause: error });
  }
}

function entryNamed(name: string, providers: readonly ProviderEntry[]): ProviderEntry {
  const entry = providers.find((provider) => provider.name === name);
  if (entry) return entry;
  const names = providers.map((provider) => provider.name);
  throw new RequestError(
    "unknown_provider",
    `there is no provider "${name}": use ${names.join(" or ")}${didYouMean(name, names)}`,
  );
}

/** A model belongs to the provider that is named with it, or that is chosen after it. */
function modelAmong(wishes: readonly Wish[], name: string): Wish | null {
  for (const [index, wish] of wishes.entries()) {
    if (wish.model === null) continue;
    const owner = wish.provider ?? wishes.slice(index + 1).find((later) => later.provider !== null)?.provider;
    if (owner === name) return wish;
  }
  return null;
}

function onlyReady(providers: readonly ProviderEntry[]): string | null {
  const [first, ...others] = readyAmong(providers);
  return others.length === 0 ? (first ?? null) : null;
}

function noProvider(providers: readonly ProviderEntry[]): ConfigError {
  const ready = readyAmong(providers);
  if (ready.length > 1)
    return new ConfigError(
      `several providers are ready (${ready.join(", ")}): name one of them as provider, in the call or in config.yaml`,
    );
  const faults = providers.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) return new ConfigError(faults);
  const variables = [...new Set(providers.flatMap(({ keyVariable }) => keyVariable ?? []))];
  return new ConfigError(
    `no provider is set up: set ${variables.join(" or ")} in the environment of legwork, or, for a demonstration, pass provider "rehearsal" to play a script`,
  );
}

function readyAmong(providers: readonly ProviderEntry[]): readonly string[] {
  return providers.filter(({ ready }) => ready).map(({ name }) => name);
}
