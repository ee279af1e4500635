/** Rehearsal scripts: YAML files with the replies of a model. */

import { existsSync, readdirSync, readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, RequestError } from "../../core/errors.js";
import { codeOf } from "../../lib/code-of.js";
import { fileStamp } from "../../lib/hash.js";
import { parseYaml } from "../../yaml/parse-yaml.js";

const Tokens = z.int().min(0);

const Reply = z.strictObject({
  text: z.string().optional(),
  calls: z
    .array(z.strictObject({ tool: z.string().min(1), arguments: z.record(z.string(), z.unknown()).optional() }))
    .optional(),
  /** The delay of the reply, in milliseconds. */
  delay_ms: z.number().min(0).max(3_600_000).optional(),
  /** The number of turns in a row that get this reply. */
  repeat: z.int().min(1).max(100_000).optional(),
  /** The tokens that a model would have counted; `input` includes `cached` and `cache_write`. */
  usage: z
    .strictObject({
      input: Tokens,
      output: Tokens,
      cached: Tokens.default(0),
      thinking: Tokens.default(0),
      cache_write: Tokens.optional(),
    })
    .transform(({ cache_write: cacheWrite, ...usage }) => ({
      ...usage,
      ...(cacheWrite !== undefined && { cacheWrite }),
    }))
    .optional(),
});

const Script = z.strictObject({ description: z.string().optional(), replies: z.array(Reply).min(1) });

export type Script = z.infer<typeof Script>;

/** Loads the script NAME from the first folder that has NAME.yaml. Throws RequestError (unknown) or ConfigError (broken). */
export type LoadScript = (name: string) => Script;

/** Reads a script again only when its file has changed. */
export function createScripts(folders: readonly string[]): LoadScript {
  const known = new Map<string, { readonly stamp: string; readonly script: Script }>();
  return (name) => {
    if (!/^[A-Za-z0-9_-]+$/.test(name))
      throw new RequestError("unknown_model", `"${name}" is not a script's name: use A-Z, a-z, 0-9, _ and -`);
    for (const folder of folders) {
      const file = join(folder, `${name}.yaml`);
      const stats = readable(file, () => statsOf(file));
      if (stats === undefined) continue;
      const stamp = fileStamp(stats);
      const last = known.get(file);
      if (last?.stamp === stamp) return last.script;
      const bytes = readable(file, () => readFileSync(file));
      const script = parseYaml(bytes, file, Script);
      known.set(file, { stamp, script });
      return script;
    }
    throw new RequestError(
      "unknown_model",
      `there is no rehearsal script "${name}": put ${name}.yaml into ${folders[0]}, or set model to one of: ${scriptsIn(folders).join(", ")}`,
    );
  };
}

/** Newer Nodes would also take a file in the place of the folder as no entry, and so hide it. */
function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ConfigError(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function scriptsIn(folders: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  return [...new Set(files.filter((file) => file.endsWith(".yaml")).map((file) => file.slice(0, -".yaml".length)))];
}
