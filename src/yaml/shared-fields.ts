/** Schemas of fields that configuration files and definition files share. */
import { z } from "zod";
import { LEAST_OUTPUT_TOKENS, MOST } from "../core/run/limits.js";
import { modelsIn } from "../core/run/model-name.js";
import { EFFORTS } from "../core/run/model-settings.js";
import { patternFault } from "../core/tools/tool.js";

export const Pattern = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});
export const Patterns = z.array(Pattern);
export const Seconds = z.number().positive().max(MOST.seconds);
export const Turns = z.int().min(1).max(MOST.maxTurns);
export const Depth = z.int().min(1).max(MOST.depth);
const error = `names a model, or a list of up to ${MOST.models} in the order in which they are asked`;
const ModelList = z.array(z.string().min(1, error), error).min(1, error).max(MOST.models, error);
/** One model, or several in the order in which they are asked; a text may have commas between them. */
export const Models = z.union(
  [z.string().refine((text) => ModelList.safeParse(modelsIn(text)).success, { error }), ModelList],
  { error },
);
export const EffortChoice = z.enum(EFFORTS);
export const Temperature = z.number().min(0).max(MOST.temperature);
export const OutputTokens = z.int().min(LEAST_OUTPUT_TOKENS).max(MOST.outputTokens);
export const Tokens = z.int().min(1).max(MOST.tokens);
export const Usd = z.number().positive().max(MOST.usd);
