/**
 * Which model a run asks: that of the step it is in, else its own; where that has refused to serve, the next behind it. Where
 * a caller named one, no step has another.
 */

import type { Provider, ProviderEntry } from "../../core/ports/provider.js";
import type { Price } from "../../core/run/cost.js";
import { fromModelText, type ModelName, toModelText } from "../../core/run/model-name.js";
import { type ModelSettings, NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";
import type { RunRequest } from "../../core/run/run.js";
import type { Step } from "../../core/workflow/workflow.js";

export interface StepModel {
  readonly provider: Provider;
  /** With the name of its provider. */
  readonly name: ModelName;
  /** The model that is asked where this one refuses to serve; null where none is left. */
  readonly next: ModelName | null;
  /** Null where it is not known. */
  readonly price: Price | null;
  /** The most tools that a request may declare; null without a limit. */
  readonly mostTools: number | null;
  /** Tokens of its context window; null where they are unknown. */
  readonly window: number | null;
  readonly settings: ModelSettings;
}

/** An opened provider, with the default model it had when it was opened. */
export interface RunProvider extends Pick<ProviderEntry, "defaultModel" | "priceOf" | "mostTools" | "windowOf"> {
  readonly provider: Provider;
}

type Named = Pick<RunRequest, "provider" | "model" | "fallbackModels">;

/** `providers` are those that the run was found to need when it was created; `refused` the models that do not serve it. */
export function modelInStep(
  request: RunRequest,
  step: Step | null,
  providers: ReadonlyMap<string, RunProvider>,
  refused: ReadonlySet<string>,
): StepModel {
  const models = modelsNamed(request, step, providers);
  const left = models.filter((name) => !refused.has(toModelText(name)));
  const [name = models[0], next = null] = left;
  if (name === undefined) throw new Error("a run has at least one model");
  const { provider, priceOf, mostTools, windowOf } = providerNamed(name.provider, providers);
  const { model } = name;
  const settings = settingsInStep(request, step);
  return { provider, name, next, price: priceOf(model), mostTools, window: windowOf(model), settings };
}

/** The names alone, in the order in which the models are asked. */
export function modelsNamed(
  request: Named,
  step: Step | null,
  providers: ReadonlyMap<string, Pick<ProviderEntry, "defaultModel">>,
): readonly ModelName[] {
  const provider = step?.provider ?? request.provider;
  const isOther = provider !== request.provider;
  const fallback = isOther ? providerNamed(provider, providers).defaultModel : request.model;
  const isOwn = step !== null && (isOther || step.model !== null);
  const behind = (isOwn ? step.fallbackModels : request.fallbackModels) ?? [];
  return [{ provider, model: step?.model ?? fallback }, ...behind.flatMap((text) => fromModelText(text) ?? [])];
}

/** How the model is to work: as the step says, else as the run. */
function settingsInStep({ modelSettings = NO_MODEL_SETTINGS }: RunRequest, step: Step | null): ModelSettings {
  return {
    effort: step?.effort ?? modelSettings.effort,
    temperature: step?.temperature ?? modelSettings.temperature,
    maxOutputTokens: step?.maxOutputTokens ?? modelSettings.maxOutputTokens,
  };
}

function providerNamed<T>(name: string, providers: ReadonlyMap<string, T>): T {
  const found = providers.get(name);
  if (!found) throw new Error(`provider ${name} was not opened for this run`);
  return found;
}
