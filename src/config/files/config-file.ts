/** The schemas of config.yaml. */
import { z } from "zod";
import { MOST } from "../../core/run/limits.js";
import { READ_ONLY_ENTRY } from "../../core/tools/gate.js";
import { isRecord } from "../../lib/is-record.js";
import { checkValue } from "../../yaml/parse-yaml.js";
import { readYaml, type YamlDocument, type YamlPath } from "../../yaml/read-yaml.js";
import { Depth, Models, Pattern, Patterns, Seconds, Tokens, Turns, Usd } from "../../yaml/shared-fields.js";
import { OnUnknownChoice, ServerEntry, ServerName } from "../servers/server-entry.js";
import { IMPORTS } from "./host-files.js";
import { Prices } from "./prices.js";
import { Providers } from "./providers.js";
import { Windows } from "./windows.js";

const allowance = { max_cost_usd: Usd.optional(), max_tokens: Tokens.optional() };
const Allowance = z.strictObject(allowance).optional();

const Limits = z.strictObject({
  max_turns: Turns.optional(),
  timeout_seconds: Seconds.optional(),
  tool_timeout_seconds: Seconds.optional(),
  progress_extension: z.number().min(1).max(MOST.extension).optional(),
  stall_seconds: Seconds.optional(),
  max_depth: Depth.optional(),
  ...allowance,
  session: Allowance,
  day: Allowance,
  max_images: z.int().min(0).max(MOST.images).optional(),
  max_image_mb: z.number().positive().max(MOST.imageMb).optional(),
  max_result_mb: z.number().positive().max(MOST.resultMb).optional(),
  max_stored_mb: z.number().min(0).max(MOST.storedMb).optional(),
  max_concurrent_runs: z.int().min(1).max(MOST.concurrentRuns).optional(),
  max_message_mb: z.int().min(1).max(MOST.messageMiB).optional(),
});

const common = {
  provider: z.string().min(1).optional(),
  model: Models.optional(),
  mcpServers: z.record(ServerName, ServerEntry).optional(),
  import: z.array(z.enum(IMPORTS)).optional(),
  tools: z.array(Pattern).describe(`tool patterns, or "${READ_ONLY_ENTRY}"`).optional(),
  blocked_tools: Patterns.optional(),
  limits: Limits.optional(),
  resume: z.enum(["auto", "manual"]).optional(),
  on_unknown: OnUnknownChoice.optional(),
};

const usersOnly = z.never({ error: "belongs in your own config.yaml, not in a project's: move it there" }).optional();

/** `.legwork/config.yaml` of a project. A project sets no address for keys, exposes no variables and gives no facts about models. */
export const ProjectConfigFile = z.strictObject({
  ...common,
  providers: usersOnly,
  prices: usersOnly,
  context_windows: usersOnly,
  aliases: usersOnly,
  expose_env: usersOnly,
  log: usersOnly,
});

/** `$LEGWORK_HOME/config.yaml`. */
export const UserConfigFile = z.strictObject({
  ...common,
  providers: Providers.optional(),
  prices: Prices.optional(),
  context_windows: Windows.optional(),
  aliases: z.record(z.string().min(1), z.string().min(1)).optional(),
  expose_env: z.array(z.string()).optional(),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).optional() }).optional(),
});

export type ConfigFile = z.infer<typeof UserConfigFile>;

/** A configuration file and its checked value. */
export interface LoadedFile {
  readonly file: string;
  readonly value: ConfigFile;
  /** `file:line:column` of a key. */
  placeOf(path: readonly string[]): string;
}

/** Parses the bytes of a configuration file. Throws ConfigError with the place in the file. */
export function parseConfigFile(bytes: Uint8Array, file: string, schema: z.ZodType<ConfigFile>): LoadedFile {
  const document = readYaml(bytes, file);
  return { file, value: checkValue(withTexts(document), schema, document.place), placeOf: document.place };
}

/** The fields of a server's entry whose values are texts for a program. */
const TEXTS = ["args", "env", "headers"];

/** Entries of servers are copied from JSON of other hosts, which write numbers there: they become texts as they are written. */
function withTexts({ value, written }: YamlDocument): unknown {
  if (!isRecord(value) || !isRecord(value.mcpServers)) return value;
  const asText = (item: unknown, path: YamlPath) =>
    typeof item === "number" || typeof item === "boolean" ? (written(path) ?? String(item)) : item;
  const servers = Object.entries(value.mcpServers).map(([name, entry]) => {
    if (!isRecord(entry)) return [name, entry] as const;
    const fields = Object.entries(entry).map(([key, texts]) => {
      const at = ["mcpServers", name, key];
      if (!TEXTS.includes(key)) return [key, texts] as const;
      if (Array.isArray(texts)) return [key, texts.map((item, index) => asText(item, [...at, index]))] as const;
      if (!isRecord(texts)) return [key, texts] as const;
      return [key, Object.fromEntries(Object.entries(texts).map(([one, item]) => [one, asText(item, [...at, one])]))];
    });
    return [name, Object.fromEntries(fields)] as const;
  });
  return { ...value, mcpServers: Object.fromEntries(servers) };
}
