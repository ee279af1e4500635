/** Schemas of fields that agent files and workflow files share: names, variables, output schemas. */
import { z } from "zod";
import { ConfigError } from "../../core/errors.js";
import { READ_ONLY_VARIABLES } from "../../core/workflow/workflow.js";

export const NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const NAME_RULE = "use 1 to 64 of A-Z, a-z, 0-9, _ and -";

export const Name = z.string().regex(NAME, `has to be a name: ${NAME_RULE}`);
export const Text = z.string().min(1);
export const VariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "use A-Z, a-z, 0-9 and _ in the name of a variable, and no digit first")
  .refine((name) => !(name in Object.prototype), "JavaScript reserves this name: take another one")
  .refine((name) => !READ_ONLY_VARIABLES.includes(name), "legwork itself sets this variable: take another name");
export const Variables = z.record(VariableName, z.json());
export const OutputSchema = z.union([z.record(z.string(), z.json()), z.boolean()], {
  error: "output_schema has to be a JSON Schema: a map, true or false",
});

/** Throws ConfigError where a file's name without its ending cannot be the name of a definition. */
export function checkStem(file: string, stem: string): void {
  if (!NAME.test(stem))
    throw new ConfigError(
      `${file}: a definition is named after its file, and "${stem}" cannot be a name: ${NAME_RULE}`,
    );
}
