/** Keeps the tokens that a request allows for its reply within what its model, or its context window, allows. */
import type { ModelRequest } from "../../core/ports/provider.js";
import { NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";
import { type SmallerOutput, smallerOutput } from "../http/smaller-output.js";
import { codeOfRefusal, type RefusalFacts, refusesForm } from "./transport/refusal.js";

/** Null tokens: the request names no number. */
export type OutputLimit = SmallerOutput;

/** The limit before anything is learned. */
export const FREE_OUTPUT: OutputLimit = { tokens: Number.POSITIVE_INFINITY, of: "model" };

/** The request within the limit; one that names no number stays as it is. */
export function outputWithin(request: ModelRequest, { tokens }: OutputLimit): ModelRequest {
  const settings = request.settings ?? NO_MODEL_SETTINGS;
  const { maxOutputTokens: asked } = settings;
  if (asked === null || (tokens !== null && tokens >= asked)) return request;
  return { ...request, settings: { ...settings, maxOutputTokens: tokens } };
}

/** The limit that a refusal names; null where the request named none, or the refusal is about something else. */
export function afterRefusal(facts: RefusalFacts, body: Readonly<Record<string, unknown>>): OutputLimit | null {
  const asked = body.max_tokens ?? body.max_completion_tokens ?? body.max_output_tokens;
  const isMeant = refusesForm(facts) || codeOfRefusal(facts) === "context_overflow";
  return typeof asked === "number" && isMeant ? smallerOutput(`${facts.message} ${facts.param}`, asked) : null;
}
