/** Which model a run asks: that of the step it is in, else its own. Where a caller named one, no step has another. */
import type { Provider } from "../core/ports.js";
import type { RunRequest } from "../core/run.js";
import type { Step } from "../core/workflow.js";

export interface ModelNow {
  readonly provider: Provider;
  readonly model: string;
}

/** `providers` are those that the run was found to need when it was created, with the default model of each. */
export function modelNow(
  request: RunRequest,
  step: Step | null,
  providers: ReadonlyMap<string, RunProvider>,
): ModelNow {
  const name = step?.provider ?? request.provider;
  const chosen = providers.get(name);
  if (!chosen) throw new Error(`provider ${name} was not opened for this run`);
  const fallback = name === request.provider ? request.model : chosen.defaultModel;
  return { provider: chosen.provider, model: step?.model ?? fallback };
}

export interface RunProvider {
  readonly provider: Provider;
  readonly defaultModel: string;
}
