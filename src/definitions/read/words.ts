/** Words that all definition files share: names, patterns, limits. */
import { z } from "zod";
import { ConfigError } from "../../core/errors.js";
import { MOST } from "../../core/run/limits.js";
import { patternFault } from "../../core/tools/tool.js";
import { READ_ONLY_VARIABLES } from "../../core/workflow/workflow.js";

export const NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const NAME_RULE = "use 1 to 64 of A-Z, a-z, 0-9, _ and -";

export const Name = z.string().regex(NAME, `a name is no path and no sentence: ${NAME_RULE}`);
export const Text = z.string().min(1);
export const Pattern = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});
export const Patterns = z.array(Pattern);
export const Seconds = z.number().positive().max(MOST.seconds);
export const Usd = z.number().positive().max(MOST.usd);
export const Turns = z.int().min(1).max(MOST.maxTurns);
export const Depth = z.int().min(1).max(MOST.depth);
export const VariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "a variable's name is of A-Z, a-z, 0-9 and _, and begins with no digit")
  .refine((name) => !(name in Object.prototype), "JavaScript knows this name already: take another one")
  .refine((name) => !READ_ONLY_VARIABLES.includes(name), "legwork itself sets this variable: take another name");
export const Variables = z.record(VariableName, z.json());
export const OutputSchema = z.union([z.record(z.string(), z.json()), z.boolean()], {
  error: "output_schema has to be a JSON Schema: a map, or true or false",
});

/** A definition is named after its file. Throws ConfigError where that cannot be a name. */
export function checkStem(file: string, stem: string): void {
  if (!NAME.test(stem))
    throw new ConfigError(`${file}: a definition is named after its file, and "${stem}" is no name: ${NAME_RULE}`);
}
