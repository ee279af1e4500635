/** Schemas of fields that configuration files and definition files share. */
import { z } from "zod";
import { MOST } from "../core/run/limits.js";
import { patternFault } from "../core/tools/tool.js";

export const Pattern = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});
export const Patterns = z.array(Pattern);
export const Seconds = z.number().positive().max(MOST.seconds);
export const Turns = z.int().min(1).max(MOST.maxTurns);
export const Depth = z.int().min(1).max(MOST.depth);
export const Usd = z.number().positive().max(MOST.usd);
