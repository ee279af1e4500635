/** Rehearsal scripts: YAML files that play the model. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RequestError } from "../../core/errors.js";
import { parseYaml } from "../../yaml/parse-yaml.js";

const Reply = z.strictObject({
  text: z.string().optional(),
  calls: z
    .array(z.strictObject({ tool: z.string().min(1), arguments: z.record(z.string(), z.unknown()).optional() }))
    .optional(),
  /** Milliseconds before the reply comes. */
  delay_ms: z.number().min(0).max(3_600_000).optional(),
  /** How many turns in a row give this same reply. */
  repeat: z.int().min(1).max(100_000).optional(),
});

const Script = z.strictObject({ description: z.string().optional(), replies: z.array(Reply).min(1) });

export type Script = z.infer<typeof Script>;

/** Loads the script NAME from the first folder that has NAME.yaml. Throws RequestError (unknown) or ConfigError (broken). */
export function loadScript(name: string, folders: readonly string[]): Script {
  if (!/^[A-Za-z0-9_-]+$/.test(name))
    throw new RequestError("unknown_model", `"${name}" is not a script's name: use A-Z, a-z, 0-9, _ and -`);
  for (const folder of folders) {
    const file = join(folder, `${name}.yaml`);
    if (existsSync(file)) return parseYaml(readFileSync(file), file, Script);
  }
  throw new RequestError(
    "unknown_model",
    `there is no rehearsal script "${name}": put ${name}.yaml into ${folders[0]}, or name one that is there as model: ${scriptsIn(folders).join(", ")}`,
  );
}

function scriptsIn(folders: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return [...new Set(files.filter((file) => file.endsWith(".yaml")).map((file) => file.slice(0, -".yaml".length)))];
}
