/** The models that a caller, a file or the configuration asks for, by name, alias or provider. */
import type { ProviderEntry } from "../../core/ports/provider.js";
import { fromModelText, type ModelName } from "../../core/run/model-name.js";
import type { RunSettings } from "./run-settings.js";

/** Who names a provider, a model of it, or a model alone. */
export interface Wish {
  readonly provider: string | null;
  readonly model: string | null;
  /** The models that are asked in turn where the one before refuses to serve. */
  readonly fallbackModels?: readonly string[];
  /** Whether it was written for another host: then a model that cannot be used is left out, and said. */
  readonly isImported?: boolean;
  /** Where a file says so; missing for a caller, and for the configuration. */
  place?(field: string): string;
}

/** The providers and the short names of models by which wishes are read. */
export interface Names {
  readonly providers: readonly ProviderEntry[];
  readonly aliases: RunSettings["aliases"];
}

/**
 * The model that a text names together with its provider; null for a model of whichever provider is chosen. Where that one
 * has names with a vendor in front, the text is such a name: another reading would send the work to another account.
 */
export function modelIn(text: string, chosen: string | null, { providers, aliases }: Names): ModelName | null {
  if (Object.hasOwn(aliases, text)) return aliases[text] ?? null;
  const named = fromModelText(text);
  if (named === null || !providers.some(({ name }) => name === named.provider)) return null;
  const form = providers.find(({ name }) => name === chosen)?.modelNames ?? "plain";
  if (named.provider === chosen) return form === "with_vendor_or_own" ? null : named;
  return form === "plain" ? named : null;
}

/** The vendor's own provider whose models are named like that; null where none is. */
export function ownerOf(model: string, providers: readonly ProviderEntry[]): ProviderEntry | null {
  return providers.find(({ namesModel }) => namesModel(model)) ?? null;
}
