/** Which provider and model a run uses, in each of its steps, and which ones where these refuse to serve. */

import { ConfigError, RequestError } from "../../core/errors.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import { fromModelText, type ModelName, toModelText } from "../../core/run/model-name.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import { didYouMean } from "../../lib/nearest.js";
import { alternatives } from "../../lib/text.js";
import type { RunSettings } from "./run-settings.js";
import { modelIn, type Names, ownerOf, type Wish } from "./wishes.js";

export interface Chosen {
  readonly entry: ProviderEntry;
  readonly model: string;
  /** Each with its provider. */
  readonly fallbackModels: readonly string[];
  /** Models that were left out or taken for others, one sentence each. */
  readonly notices: readonly string[];
}

/** The first wish that names a provider decides, else the configuration, else the only provider that is ready. */
export async function resolveProvider(
  wishes: readonly Wish[],
  settings: RunSettings,
  providers: readonly ProviderEntry[],
): Promise<Chosen> {
  const names: Names = { providers, aliases: settings.aliases };
  const read = wishes.map((wish): Read => (wish.isImported ? readImported(wish, names) : { wish }));
  const all: readonly Wish[] = [
    ...read.map(({ wish }) => wish),
    settings,
    { provider: onlyReady(providers), model: null },
  ];
  const named = all.map((wish, index) => ({ wish, name: providerOf(wish, all.slice(index + 1), names) }));
  const { wish, name = null } = named.find((candidate) => candidate.name !== null) ?? {};
  if (name === null) throw noProvider(providers);
  const field = wish?.provider === null ? "model" : "provider";
  const entry = await placed(wish?.place?.(field), async () => entryNamed(name, providers));
  const modelWish = modelAmong(all, name, names);
  const model = modelWish === null ? entry.defaultModel : ownModel(modelWish.model ?? "", name, names);
  const first = { entry, model };
  const owner = modelWish === null ? entry : ownerAmong(all.slice(all.indexOf(modelWish)), names, entry);
  const others = await fallbacksOf(modelWish?.fallbackModels ?? [], owner, names, modelWish?.place?.("model"));
  const { usable, notices } = await usableChain([first, ...others], modelWish?.place?.("model"));
  const [main = first, ...rest] = usable;
  const imported = read.flatMap(({ notice }) => notice?.(textOf(main)) ?? []);
  return { ...main, fallbackModels: rest.map(textOf), notices: [...imported, ...notices] };
}

type Candidate = Pick<Chosen, "entry" | "model">;

function textOf({ entry, model }: Candidate): string {
  return toModelText({ provider: entry.name, model });
}

/** The provider that a wish names, by itself or with its model; `behind` are the weaker wishes. */
function providerOf({ provider, model }: Wish, behind: readonly Wish[], names: Names): string | null {
  if (provider !== null || model === null) return provider;
  return modelIn(model, firstProvider(behind), names)?.provider ?? null;
}

function firstProvider(wishes: readonly Wish[]): string | null {
  return wishes.find(({ provider }) => provider !== null)?.provider ?? null;
}

/** A model belongs to the provider that is named with it, or that is chosen after it. */
function modelAmong(wishes: readonly Wish[], name: string, names: Names): Wish | null {
  for (const [index, wish] of wishes.entries()) {
    if (wish.model === null) continue;
    const behind = wishes.slice(index + 1);
    if ((providerOf(wish, behind, names) ?? firstProvider(behind)) === name) return wish;
  }
  return null;
}

/** The provider of the models of a list that name none: named beside the list, or chosen after it. */
function ownerAmong(wishes: readonly Wish[], { providers }: Names, otherwise: ProviderEntry): ProviderEntry {
  const named = firstProvider(wishes);
  return providers.find(({ name }) => name === named) ?? otherwise;
}

/** The name by which its provider knows a model. */
function ownModel(text: string, provider: string, names: Names): string {
  const named = modelIn(text, provider, names);
  return named?.provider === provider ? named.model : text;
}

/** The providers of a run with its workflow, and the workflow as it names them. */
export interface Needed {
  /** By name. */
  readonly entries: ReadonlyMap<string, ProviderEntry>;
  /** With its models by their full names. */
  readonly workflow: Workflow | null;
  /** Models of steps that were left out, one sentence each. */
  readonly notices: readonly string[];
}

/** The providers of the run and of the steps of its workflow. Throws like resolveProvider. */
export async function entriesFor(
  chosen: Pick<Chosen, "entry" | "model" | "fallbackModels">,
  workflow: Workflow | null,
  names: Names,
  place: (part: string) => string,
): Promise<Needed> {
  const entries = new Map([[chosen.entry.name, chosen.entry]]);
  const keep = (entry: ProviderEntry) => void entries.set(entry.name, entry);
  for (const { provider } of chosen.fallbackModels.flatMap((text) => fromModelText(text) ?? []))
    keep(entryNamed(provider, names.providers));
  const notices: string[] = [];
  if (workflow === null) return { entries, workflow, notices };
  const steps: Workflow["steps"][number][] = [];
  for (const step of workflow.steps) {
    const { name, provider, model, fallbackModels = [] } = step;
    if (provider === null && model === null) {
      steps.push(step);
      continue;
    }
    const at = (field: string) => place(`steps.${name}.${field}`);
    const own = provider ?? (model === null ? null : modelIn(model, chosen.entry.name, names)?.provider) ?? null;
    const entry =
      own === null
        ? chosen.entry
        : await placed(at(provider === null ? "model" : "provider"), async () => entryNamed(own, names.providers));
    const fallback = entry === chosen.entry ? chosen.model : entry.defaultModel;
    const candidate = { entry, model: model === null ? fallback : ownModel(model, entry.name, names) };
    const owner = provider === null ? chosen.entry : entry;
    const others = await fallbacksOf(fallbackModels, owner, names, at("model"));
    const { usable, notices: ofStep } = await usableChain(
      [candidate, ...others],
      at(model === null ? "provider" : "model"),
    );
    const [main = candidate, ...rest] = usable;
    const isOther = main !== candidate;
    notices.push(...ofStep);
    for (const used of [candidate, ...others]) keep(used.entry); // a stored run may name one whose key is gone
    steps.push({
      ...step,
      ...((own !== null || isOther) && { provider: main.entry.name }),
      ...((model !== null || isOther) && { model: main.model }),
      ...(fallbackModels.length > 0 && { fallbackModels: rest.map(textOf) }),
    });
  }
  return { entries, workflow: { ...workflow, steps }, notices };
}

/** The models behind the first one: each of the provider that it names, else of the owner of the list. */
async function fallbacksOf(
  texts: readonly string[],
  owner: ProviderEntry,
  names: Names,
  place: string | undefined,
): Promise<readonly Candidate[]> {
  return await placed(place, async () =>
    texts.map((text) => {
      const named = modelIn(text, owner.name, names);
      if (named === null) return { entry: owner, model: text };
      return { entry: entryNamed(named.provider, names.providers), model: named.model };
    }),
  );
}

/** The candidates that can be used, in their order, each once, and notices of the rest; throws the refusal of the first where none can. A wrong name is refused in any case. */
async function usableChain(
  candidates: readonly Candidate[],
  place: string | undefined,
): Promise<{ readonly usable: readonly Candidate[]; readonly notices: readonly string[] }> {
  const usable: Candidate[] = [];
  const refusals: ConfigError[] = [];
  const { distinct, notices } = onceEach(candidates);
  for (const candidate of distinct) {
    try {
      await placed(place, () => candidate.entry.check(candidate.model));
      usable.push(candidate);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.cause instanceof RequestError) throw error;
      refusals.push(error);
    }
  }
  const [refusal] = refusals;
  if (usable.length === 0 && refusal !== undefined) throw refusal;
  return { usable, notices: [...notices, ...refusals.map(({ message }) => `a model was left out: ${message}`)] };
}

/** A model that refused to serve is not asked again, under whatever spelling the list names it. */
function onceEach(candidates: readonly Candidate[]) {
  const names = candidates.map(textOf);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) < index));
  return {
    distinct: candidates.filter((candidate, index) => names.indexOf(textOf(candidate)) === index),
    notices: [...repeated].map((name) => `model ${name} is named more than once in a list: it is asked once`),
  };
}

/** A wish as it can be met, and a note about it for the caller; `taken` is the model that the run gets. */
interface Read {
  readonly wish: Wish;
  notice?(taken: string): string;
}

/** A wish of another host's file: a model that cannot be used here is left to the weaker wishes. */
function readImported(wish: Wish, names: Names): Read {
  const { model } = wish;
  if (model === null) return { wish };
  const named = modelIn(model, null, names) ?? modelOf(ownerOf(model, names.providers), model);
  const entry = names.providers.find(({ name }) => name === named?.provider);
  const without = { ...wish, provider: null, model: null };
  if (named === null || entry === undefined)
    return { wish: without, notice: (taken) => `model "${model}" is not known here, so ${taken} is used` };
  if (!entry.ready) {
    const why = `needs provider ${entry.name}, which is not set up`;
    return { wish: without, notice: (taken) => `model "${model}" ${why}, so ${taken} is used` };
  }
  const met = { ...wish, ...named };
  return named.model === model
    ? { wish: met }
    : { wish: met, notice: () => `model "${model}" is ${toModelText(named)}` };
}

function modelOf(owner: ProviderEntry | null, model: string): ModelName | null {
  return owner === null ? null : { provider: owner.name, model };
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
    `there is no provider "${name}": use ${alternatives(names)}${didYouMean(name, names)}`,
  );
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
    `no provider is set up: set ${alternatives(variables)} in the environment of legwork, or, for a demonstration, pass provider "rehearsal" to play a script`,
  );
}

function readyAmong(providers: readonly ProviderEntry[]): readonly string[] {
  return providers.filter(({ ready }) => ready).map(({ name }) => name);
}
