/** The names of models, each with its provider or as one text, "anthropic/claude-opus-5-5", and lists by name. */
import { starMatches } from "../../lib/star-matches.js";

export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

/** Names of providers have no slash; those of models may. */
export function toModelText({ provider, model }: ModelName): string {
  return `${provider}/${model}`;
}

/** The inverse of `toModelText`; null for a text without a provider. */
export function fromModelText(text: string): ModelName | null {
  const end = text.indexOf("/");
  return end <= 0 || end === text.length - 1 ? null : { provider: text.slice(0, end), model: text.slice(end + 1) };
}

/** The names in a text, with commas between them. */
export function modelsIn(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim());
}

/** One model or several, as files and callers name them: the first, and those behind it. */
export function toModelWish(model: string | readonly string[] | undefined): {
  readonly model: string | null;
  readonly fallbackModels?: readonly string[];
} {
  const [first = null, ...others] = typeof model === "string" ? modelsIn(model) : (model ?? []);
  return { model: first, ...(others.length > 0 && { fallbackModels: others }) };
}

/** The entry of a list under the exact name of a model, else under the first pattern with `*` that matches. */
export function entryFor<Entry extends { readonly models: string }>(
  list: readonly Entry[],
  model: string,
): Entry | undefined {
  return list.find(({ models }) => models === model) ?? list.find(({ models }) => starMatches(models, model));
}
