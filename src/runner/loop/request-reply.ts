/** One request to a model, which ends where the model is silent for too long. */
import { ProviderError } from "../../core/errors.js";
import type { ModelReply, ModelRequest } from "../../core/ports/provider.js";
import type { StepModel } from "../request/model-in-step.js";
import type { RunContext } from "../state/turn-context.js";

export type RequestContext = Pick<RunContext, "request" | "signal" | "stall">;

/** The reply, or why there is none; null where the run was stopped. A silence of `stall_seconds` ends this request alone. */
export async function requestReply(
  { provider, name }: StepModel,
  asked: Omit<ModelRequest, "model">,
  { request: { limits }, signal, stall }: RequestContext,
): Promise<ModelReply | ProviderError | null> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  try {
    return await stall.guard(provider.reply({ ...asked, model: name.model }, either), () => silence.abort());
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted)
      return new ProviderError("stalled", `${name.model} was silent for ${limits.stallSeconds} s (stall_seconds)`);
    if (error instanceof ProviderError) return error;
    if (signal.aborted) return null;
    throw error;
  }
}
