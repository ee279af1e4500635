/** Loads the environment and the configuration files into one frozen Config. */
import { basename, join } from "node:path";
import type { ProviderSetup, Vendor } from "../core/definitions/provider-setup.js";
import type { BrokenServer, DisabledServer, ServerConfig } from "../core/definitions/server-config.js";
import { ConfigError } from "../core/errors.js";
import type { Secret } from "../core/redact.js";
import type { Allowance } from "../core/run/budget.js";
import { DEFAULT_LIMITS, DEFAULT_MAX_CONCURRENT_RUNS, DEFAULT_MAX_MESSAGE_MIB } from "../core/run/limits.js";
import { fromModelText, type ModelName, modelsIn, toModelWish } from "../core/run/model-name.js";
import type { PatternSource, RunLimits } from "../core/run/run.js";
import { didYouMean } from "../lib/nearest.js";
import { alternatives } from "../lib/text.js";
import { type LoadedFile, parseConfigFile, UserConfigFile } from "./files/config-file.js";
import type { Paths } from "./files/paths.js";
import { type PriceLists, toPriceLists } from "./files/prices.js";
import { misnamed, readProjectFiles } from "./files/project-files.js";
import { providerNames, toProviderSetups } from "./files/providers.js";
import { LARGEST_CONFIG, readRegularFile } from "./files/read-file.js";
import { toWindowLists, type WindowLists } from "./files/windows.js";
import { loadSources } from "./load-sources.js";
import { loadServers } from "./servers/servers.js";
import { toStartPlace } from "./servers/start-place.js";
import { addressSecrets, providerSecrets } from "./trust/secrets.js";

export const DEFAULT_LOG_LEVEL = "info";

export interface Config {
  readonly provider: string | null;
  readonly model: string | null;
  readonly fallbackModels: readonly string[];
  /** `file:line:column` of the field that counts. */
  place(field: "provider" | "model"): string;
  readonly aliases: Readonly<Record<string, ModelName>>;
  readonly providers: readonly ProviderSetup[];
  readonly prices: PriceLists;
  readonly windows: WindowLists;
  readonly servers: readonly ServerConfig[];
  /** The servers whose definition cannot be used. The others work without them. */
  readonly brokenServers: readonly BrokenServer[];
  readonly disabledServers: readonly DisabledServer[];
  /** The environment from which the processes of servers inherit. */
  readonly serverEnv: Paths["env"];
  /** Values that must not be stored, logged or shown. */
  readonly secrets: readonly Secret[];
  readonly tools: PatternSource | null;
  readonly blockedTools: readonly PatternSource[];
  readonly limits: RunLimits;
  readonly allowances: { readonly session: Allowance; readonly day: Allowance };
  readonly maxConcurrentRuns: number;
  /** Bytes of one message of the host. */
  readonly largestMessage: number;
  /** Whether interrupted runs are resumed automatically. */
  readonly resume: "auto" | "manual";
  readonly logLevel: string;
  /** One sentence for each thing that was left out, with the remedy. */
  readonly notices: readonly string[];
  /** The configuration files that count: one that changes or appears later takes effect in a new process. */
  readonly files: readonly string[];
}

/** Reads both configuration files and the files they import. The project's files apply only while they are trusted. Throws ConfigError with the place in the file. */
export async function loadConfig(paths: Paths, vendors: readonly Vendor[]): Promise<Config> {
  const { env } = paths;
  const notices: string[] = [];
  const userFile = join(paths.home, "config.yaml");
  const user = readUserFile(userFile);
  const projectFiles = readProjectFiles(paths, user?.value.import ?? [], notices);
  const own = projectFiles.config;
  const limits = { ...user?.value.limits, ...own?.value.limits };
  const files = [own, user].filter((file) => file !== null);
  const { providers, prices, windows, aliases } = loadProviders(user, vendors, env);
  for (const file of files) checkProvider(file, providerNames(providers));
  const keyVariables = keyVariablesOf([...vendors, ...providers]);
  const sources = await loadSources({ paths, own, user, imported: projectFiles.imported, keyVariables, notices });
  const place = toStartPlace(paths, projectFiles.isTrusted);
  const { servers, brokenServers, disabledServers, secrets } = loadServers({
    paths,
    place,
    configs: files,
    sources,
    onUnknown: own?.value.on_unknown ?? user?.value.on_unknown ?? "tell",
    notices,
  });
  // A model belongs to its provider: the user's model does not suit another provider that the project names.
  const namesOther = own?.value.provider !== undefined && own.value.provider !== user?.value.provider;
  const toolsFrom = files.find((file) => file.value.tools !== undefined);
  return Object.freeze({
    provider: own?.value.provider ?? user?.value.provider ?? null,
    fallbackModels: [],
    ...toModelWish(own?.value.model ?? (namesOther ? undefined : user?.value.model)),
    place: (field: "provider" | "model") => (own?.value[field] === undefined ? user : own)?.placeOf([field]) ?? "",
    aliases,
    providers,
    prices,
    windows,
    servers,
    brokenServers,
    disabledServers,
    serverEnv: place.env,
    secrets: [...providerSecrets(env, keyVariables), ...addressSecrets(providers), ...secrets],
    tools: toolsFrom?.value.tools ? { patterns: toolsFrom.value.tools, from: toolsFrom.file } : null,
    blockedTools: files.flatMap(({ value, file }) =>
      value.blocked_tools ? [{ patterns: value.blocked_tools, from: file }] : [],
    ),
    limits: {
      maxTurns: limits.max_turns ?? DEFAULT_LIMITS.maxTurns,
      timeoutSeconds: limits.timeout_seconds ?? DEFAULT_LIMITS.timeoutSeconds,
      toolTimeoutSeconds: limits.tool_timeout_seconds ?? DEFAULT_LIMITS.toolTimeoutSeconds,
      progressExtension: limits.progress_extension ?? DEFAULT_LIMITS.progressExtension,
      stallSeconds: limits.stall_seconds ?? DEFAULT_LIMITS.stallSeconds,
      maxDepth: limits.max_depth ?? DEFAULT_LIMITS.maxDepth,
      maxCostUsd: least(user?.value.limits?.max_cost_usd, own?.value.limits?.max_cost_usd),
      maxTokens: least(user?.value.limits?.max_tokens, own?.value.limits?.max_tokens),
      maxImages: limits.max_images ?? DEFAULT_LIMITS.maxImages,
      maxImageMb: limits.max_image_mb ?? DEFAULT_LIMITS.maxImageMb,
      maxResultMb: limits.max_result_mb ?? DEFAULT_LIMITS.maxResultMb,
      maxStoredMb: limits.max_stored_mb ?? DEFAULT_LIMITS.maxStoredMb,
    },
    allowances: {
      session: allowanceOf(user?.value.limits?.session, own?.value.limits?.session),
      day: allowanceOf(user?.value.limits?.day, own?.value.limits?.day),
    },
    maxConcurrentRuns: limits.max_concurrent_runs ?? DEFAULT_MAX_CONCURRENT_RUNS,
    largestMessage: (limits.max_message_mb ?? DEFAULT_MAX_MESSAGE_MIB) * 1024 * 1024,
    resume: own?.value.resume ?? user?.value.resume ?? "auto",
    logLevel: user?.value.log?.level ?? DEFAULT_LOG_LEVEL,
    notices,
    files: [userFile, ...projectFiles.names.map((name) => join(paths.project, name))],
  });
}

function readUserFile(file: string): LoadedFile | null {
  const other = misnamed(file);
  // Left out, a list of blocked tools in it would block nothing.
  if (other !== null)
    throw new ConfigError(`${other}: legwork reads ${basename(file)} only: rename or remove this file`);
  const bytes = readRegularFile(file, LARGEST_CONFIG);
  return bytes === null ? null : parseConfigFile(bytes, file, UserConfigFile);
}

interface AllowanceFields {
  readonly max_cost_usd?: number | undefined;
  readonly max_tokens?: number | undefined;
}

function allowanceOf(...fields: readonly (AllowanceFields | undefined)[]): Allowance {
  return {
    maxCostUsd: least(...fields.map((each) => each?.max_cost_usd)),
    maxTokens: least(...fields.map((each) => each?.max_tokens)),
  };
}

/** The lowest limit, because a project may lower the user's limit on money and not raise it. */
function least(...limits: readonly (number | undefined)[]): number | null {
  const set = limits.filter((limit) => limit !== undefined);
  return set.length === 0 ? null : Math.min(...set);
}

function loadProviders(user: LoadedFile | null, vendors: readonly Vendor[], env: Paths["env"]) {
  const entries = user?.value.providers ?? {};
  const vendorOf = (provider: string) => vendors.find(({ name }) => name === (entries[provider]?.like ?? provider));
  const prices = toPriceLists(user?.value.prices ?? {}, (provider) => vendorOf(provider)?.cacheWriteRatio ?? 1);
  const windows = toWindowLists(user?.value.context_windows ?? {});
  const placeOf: LoadedFile["placeOf"] = (path) => user?.placeOf(path) ?? "";
  const providers = toProviderSetups(entries, { vendors, env, prices, windows, placeOf });
  const names = providerNames(providers);
  for (const key of ["prices", "context_windows"] as const) {
    const unknown = Object.keys(user?.value[key] ?? {}).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new ConfigError(`${placeOf([key, unknown])}: ${key}.${unknown}: ${noProvider(unknown, names)}`);
  }
  return {
    providers,
    prices,
    windows,
    aliases: { ...vendorsAliases(vendors), ...usersAliases(user, names, vendorOf) },
  };
}

function vendorsAliases(vendors: readonly Vendor[]): Config["aliases"] {
  const known = vendors.flatMap(({ name, aliases }) =>
    Object.entries(aliases).map(([alias, model]) => [alias, { provider: name, model }] as const),
  );
  return Object.fromEntries(known);
}

/** The user's own short names of models. */
function usersAliases(
  user: LoadedFile | null,
  names: readonly string[],
  vendorOf: (provider: string) => Vendor | undefined,
): Config["aliases"] {
  const own = Object.entries(user?.value.aliases ?? {}).map(([alias, text]) => {
    const refuse = (fault: string) =>
      new ConfigError(`${user?.placeOf(["aliases", alias])}: aliases.${alias} ${fault}`);
    if (modelsIn(alias).length > 1) throw refuse("has a comma, which stands between two models: leave it out");
    const named = fromModelText(text);
    if (named === null || !names.includes(named.provider))
      throw refuse("has to be a provider, a slash and a model, such as anthropic/claude-opus-5-5");
    const fault = vendorOf(named.provider)?.modelIdFault(named.model) ?? null;
    if (fault !== null) throw refuse(`cannot be used: ${fault}`);
    return [alias, named] as const;
  });
  return Object.fromEntries(own);
}

function checkProvider({ value: { provider }, placeOf }: LoadedFile, names: readonly string[]): void {
  if (provider !== undefined && !names.includes(provider))
    throw new ConfigError(`${placeOf(["provider"])}: provider: ${noProvider(provider, names)}`);
}

function noProvider(name: string, names: readonly string[]): string {
  return `there is no provider "${name}": use ${alternatives(names)}${didYouMean(name, names)}`;
}

/** The environment variables that hold keys of providers. */
export function keyVariablesOf(providers: readonly Pick<ProviderSetup, "keyVariable">[]): readonly string[] {
  return [...new Set(providers.flatMap(({ keyVariable }) => keyVariable ?? []))];
}
