/** Which model a run asks: that of the step it is in, else its own. Where a caller named one, no step has another. */

import type { Provider, ProviderEntry } from "../../core/ports/provider.js";
import type { Price } from "../../core/run/cost.js";
import { type ModelSettings, NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";
import type { RunRequest } from "../../core/run/run.js";
import type { Step } from "../../core/workflow/workflow.js";

export interface StepModel {
  readonly provider: Provider;
  readonly model: string;
  /** Null where it is not known. */
  readonly price: Price | null;
  readonly settings: ModelSettings;
}

/** An opened provider, with the default model it had when it was opened. */
export interface RunProvider extends Pick<ProviderEntry, "defaultModel" | "priceOf"> {
  readonly provider: Provider;
}

/** `providers` are those that the run was found to need when it was created. */
export function modelInStep(
  request: RunRequest,
  step: Step | null,
  providers: ReadonlyMap<string, RunProvider>,
): StepModel {
  const { provider: name, model } = modelNamed(request, step, providers);
  const chosen = providerNamed(name, providers);
  const settings = settingsInStep(request, step);
  return { provider: chosen.provider, model, price: chosen.priceOf(model), settings };
}

/** How the model is to work: as the step says, else as the run. */
function settingsInStep({ modelSettings = NO_MODEL_SETTINGS }: RunRequest, step: Step | null): ModelSettings {
  return {
    effort: step?.effort ?? modelSettings.effort,
    temperature: step?.temperature ?? modelSettings.temperature,
    maxOutputTokens: step?.maxOutputTokens ?? modelSettings.maxOutputTokens,
  };
}

/** The names alone. */
export function modelNamed(
  request: Pick<RunRequest, "provider" | "model">,
  step: Step | null,
  providers: ReadonlyMap<string, Pick<ProviderEntry, "defaultModel">>,
): Pick<RunRequest, "provider" | "model"> {
  const provider = step?.provider ?? request.provider;
  const fallback = provider === request.provider ? request.model : providerNamed(provider, providers).defaultModel;
  return { provider, model: step?.model ?? fallback };
}

function providerNamed<T>(name: string, providers: ReadonlyMap<string, T>): T {
  const found = providers.get(name);
  if (!found) throw new Error(`provider ${name} was not opened for this run`);
  return found;
}
