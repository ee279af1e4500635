/** A limit on money can be kept only where it is known what each model of a run costs. */
import { ConfigError } from "../../core/errors.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { RunRequest } from "../../core/run/run.js";
import { modelsNamed } from "./model-in-step.js";
import type { RunSettings } from "./run-settings.js";

type Plan = Pick<RunRequest, "limits" | "provider" | "model" | "fallbackModels" | "workflow">;

/** Throws ConfigError for a limited run that may ask a model whose price is not configured. */
export function requirePrices(
  request: Plan,
  entries: ReadonlyMap<string, ProviderEntry>,
  { session, day }: RunSettings["allowances"],
): void {
  if ([request.limits, session, day].every(({ maxCostUsd }) => maxCostUsd === null)) return;
  const steps = [null, ...(request.workflow?.steps ?? [])];
  const models = steps.flatMap((step) => modelsNamed(request, step, entries));
  const unpriced = models.find(({ provider, model }) => (entries.get(provider)?.priceOf(model) ?? null) === null);
  if (unpriced === undefined) return;
  const { provider, model } = unpriced;
  throw new ConfigError(
    `max_cost_usd cannot be kept, since the price of ${model} is not known: add "prices: { ${provider}: { ${model}: { input: …, output: … } } }", in USD for a million tokens, to your own config.yaml`,
  );
}
