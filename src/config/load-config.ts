/** Arguments, environment and files become one typed, frozen Config. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { ConfigError } from "../core/errors.js";
import { DEFAULT_LIMITS, DEFAULT_MAX_CONCURRENT_RUNS } from "../core/limits.js";
import type { PatternSource, RunLimits } from "../core/run.js";
import type { ServerConfig } from "../core/server-config.js";
import { parseYaml } from "../yaml/parse-yaml.js";
import { type ConfigFile, type LoadedFile, ProjectConfigFile, UserConfigFile } from "./config-file.js";
import { COMMAND, type Place } from "./places.js";
import { loadServers } from "./servers.js";
import { PROJECT_CONFIG, readTrust } from "./trust.js";

export const DEFAULT_LOG_LEVEL = "info";

export interface Config {
  readonly provider: string | null;
  readonly model: string | null;
  readonly gemini: { readonly apiKey: string | null; readonly baseUrl: string | null };
  readonly servers: readonly ServerConfig[];
  readonly tools: PatternSource | null;
  readonly blockedTools: readonly PatternSource[];
  readonly limits: RunLimits;
  readonly maxConcurrentRuns: number;
  readonly logLevel: string;
  /** What was left out and how to have it, one sentence each. */
  readonly notices: readonly string[];
}

/** Reads both configuration files, the project's only when it is trusted. Throws ConfigError with the place in the file. */
export function loadConfig(place: Place): Config {
  const { home, project, env } = place;
  const notices: string[] = [];
  const user = readConfigFile(join(home, "config.yaml"), UserConfigFile);
  const own = readProjectFile(place, notices);
  const limits = { ...user?.value.limits, ...own?.value.limits };
  const sources = [own, user].filter((source) => source !== null);
  // A model belongs to its provider: the user's is none of the provider that the project names instead.
  const namesOther = own?.value.provider !== undefined && own.value.provider !== user?.value.provider;
  const toolsFrom = sources.find((source) => source.value.tools !== undefined);
  return Object.freeze({
    provider: own?.value.provider ?? user?.value.provider ?? null,
    model: own?.value.model ?? (namesOther ? null : (user?.value.model ?? null)),
    gemini: {
      apiKey: geminiKey(env.GEMINI_API_KEY),
      baseUrl: env.GOOGLE_GEMINI_BASE_URL || user?.value.providers?.gemini?.base_url || null,
    },
    servers: loadServers({ user, own, home, userHome: realHome(), project, env, notices }),
    tools: toolsFrom?.value.tools ? { patterns: toolsFrom.value.tools, from: toolsFrom.file } : null,
    blockedTools: sources.flatMap(({ value, file }) =>
      value.blocked_tools ? [{ patterns: value.blocked_tools, from: file }] : [],
    ),
    limits: {
      maxTurns: limits.max_turns ?? DEFAULT_LIMITS.maxTurns,
      timeoutSeconds: limits.timeout_seconds ?? DEFAULT_LIMITS.timeoutSeconds,
      toolTimeoutSeconds: limits.tool_timeout_seconds ?? DEFAULT_LIMITS.toolTimeoutSeconds,
      stallSeconds: limits.stall_seconds ?? DEFAULT_LIMITS.stallSeconds,
    },
    maxConcurrentRuns: limits.max_concurrent_runs ?? DEFAULT_MAX_CONCURRENT_RUNS,
    logLevel: user?.value.log?.level ?? DEFAULT_LOG_LEVEL,
    notices,
  });
}

function readConfigFile(file: string, schema: z.ZodType<ConfigFile>): LoadedFile | null {
  if (!existsSync(file)) return null;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new ConfigError(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  }
  return { file, value: parseYaml(bytes, file, schema) };
}

function readProjectFile(place: Place, notices: string[]): LoadedFile | null {
  const file = join(place.project, PROJECT_CONFIG);
  if (!existsSync(file) || realpathSync(dirname(file)) === place.home) return null;
  const { trusted, changed, files } = readTrust(place.home, place.project);
  const bytes = files.get(PROJECT_CONFIG);
  if (bytes === undefined) return null;
  if (trusted || place.env.LEGWORK_TRUST_PROJECT === "1")
    return { file, value: parseYaml(bytes, file, ProjectConfigFile) };
  notices.push(
    `${changed.join(", ")} of this project is not trusted and was left out: read it, run "${COMMAND} trust" in ${place.project}, then restart legwork in your host`,
  );
  return null;
}

/** A host that does not expand `${VAR}` in its configuration hands it down as it is. */
function geminiKey(key: string | undefined): string | null {
  if (key?.startsWith("$"))
    throw new ConfigError(
      `GEMINI_API_KEY is the text "${key}": your host does not expand variables, so leave it out of env`,
    );
  return key || null;
}

/** The user's home folder as a real path, or as it is named where it does not exist. */
function realHome(): string {
  return existsSync(homedir()) ? realpathSync(homedir()) : homedir();
}
