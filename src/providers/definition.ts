/** A kind of provider, and the entries that the runner chooses among: one folder each, one line to register. */
import { isLoopback, type ProviderSetup, type Vendor } from "../core/definitions/provider-setup.js";
import { ConfigError, RequestError } from "../core/errors.js";
import type { ReadReply } from "../core/journal/history-state.js";
import type { ModelNames, Provider, ProviderEntry } from "../core/ports/provider.js";
import { type WindowList, windowIn } from "../core/run/context-window.js";
import { priceIn } from "../core/run/cost.js";
import { sha256 } from "../lib/hash.js";
import { once } from "../lib/once.js";

/** A vendor whose adapter stays unloaded until a run asks a model. */
export interface ProviderDefinition extends Vendor {
  readonly defaultModel: string;
  /** Whether servers on this machine speak its wire, which need no key. */
  readonly isServedLocally?: true;
  /** The most tools that a request may declare; null without a limit. */
  readonly mostTools: number | null;
  /** Tokens of the context windows of its models, by name or pattern, the first that matches; other models' are unknown. */
  readonly windows?: WindowList;
  /** The beginning of the names of its own models. */
  readonly modelsBegin: RegExp;
  /** The form of the names of models at an address; missing where they are plain everywhere. */
  modelNames?(setup: ProviderSetup): ModelNames;
  /** Loads the adapter. */
  open(setup: ProviderSetup): Promise<Provider>;
  /** Reads a stored reply, by its wire. */
  readonly readReply: Readonly<Record<string, ReadReply>>;
}

/** Such a provider is ready where there is a key, or where its address is this machine. */
export function createEntry(definition: ProviderDefinition, setup: ProviderSetup): ProviderEntry {
  const { name, keyVariable, apiKey, fault } = setup;
  const isLocal = definition.isServedLocally === true && fault === null && isLoopback(setup.baseUrl);
  const hasKey = apiKey !== null || keyVariable === null || isLocal;
  return {
    name,
    defaultModel: setup.model ?? definition.defaultModel,
    ready: hasKey && fault === null,
    keyVariable,
    fault,
    account: accountOf(setup),
    modelNames: definition.modelNames?.(setup) ?? "plain",
    mostTools: definition.mostTools,
    namesModel: (model) => name === definition.name && definition.modelsBegin.test(model),
    windowOf: (model) => windowIn(setup.windows, model) ?? windowIn(definition.windows ?? [], model),
    priceOf: (model) => priceIn(setup.prices, model),
    async check(model) {
      const idFault = definition.modelIdFault(model);
      if (idFault !== null) throw new RequestError("unknown_model", idFault);
      if (fault !== null) throw new ConfigError(fault);
      if (!hasKey) throw new ConfigError(`provider ${name} needs a key: ${whereToSet(definition, setup)}`);
    },
    open: once(() => definition.open(setup)),
  };
}

/** Entries with the same key at the same address share its limits. */
function accountOf({ baseUrl, apiKey }: ProviderSetup): string {
  return sha256(JSON.stringify([baseUrl, apiKey])).slice(0, 32);
}

function whereToSet({ keyPage, baseUrl }: Vendor, setup: ProviderSetup): string {
  const page = setup.baseUrl === baseUrl ? ` (make one at ${keyPage})` : "";
  return `set ${setup.keyVariable} in the environment of legwork${page}`;
}
