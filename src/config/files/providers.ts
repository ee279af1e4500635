/** The providers: the vendors that legwork knows, and the user's own entries. */
import { z } from "zod";
import {
  baseUrlFault,
  isLoopback,
  normalBaseUrl,
  type ProviderSetup,
  type Vendor,
} from "../../core/definitions/provider-setup.js";
import { ConfigError } from "../../core/errors.js";
import type { Wire } from "../../core/run/message.js";
import { didYouMean } from "../../lib/nearest.js";
import { alternatives } from "../../lib/text.js";
import type { PriceLists } from "./prices.js";
import type { WindowLists } from "./windows.js";

const Entry = z.strictObject({
  like: z.string().optional(),
  base_url: z
    .string()
    .trim()
    .superRefine((url, context) => {
      const fault = baseUrlFault(url);
      if (fault !== null) context.addIssue({ code: "custom", message: fault });
    })
    .optional(),
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "names the environment variable with the key, and never holds the key itself")
    .optional(),
  api_key: z
    .never({ error: "stands in no file: put the key into an environment variable, and name that in api_key_env" })
    .optional(),
  model: z.string().min(1).optional(),
  wire: z.string().optional(),
  host: z.string().optional(),
  betas: z.boolean().optional(),
});

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, 'a provider\'s name has lower-case letters, digits, "_" and "-" only');

/** The schema of `providers` in the user's file. */
export const Providers = z.record(Name, Entry);

type ProviderEntries = z.infer<typeof Providers>;

/** Providers that need no vendor. */
const OWN = ["rehearsal"];

interface ProviderSources {
  readonly vendors: readonly Vendor[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly prices: PriceLists;
  readonly windows: WindowLists;
  /** `file:line:column` of a key in the user's file. */
  placeOf(path: readonly string[]): string;
}

/** The vendors first, then the user's entries in their order. Throws ConfigError with the place in the file. */
export function toProviderSetups(entries: ProviderEntries, sources: ProviderSources): readonly ProviderSetup[] {
  const names = sources.vendors.map(({ name }) => name);
  const own = Object.keys(entries).filter((name) => !names.includes(name));
  return [...names, ...own].map((name) => toSetup(name, entries[name] ?? {}, sources));
}

/** The names that `provider` may have. */
export function providerNames(setups: readonly ProviderSetup[]): readonly string[] {
  return [...setups.map(({ name }) => name), ...OWN];
}

function toSetup(name: string, entry: ProviderEntries[string], sources: ProviderSources): ProviderSetup {
  const refuse = (field: string | null, fault: string) => {
    const path = ["providers", name, ...(field === null ? [] : [field])];
    return new ConfigError(`${sources.placeOf(path)}: ${path.join(".")} ${fault}`);
  };
  const { vendors, env } = sources;
  const titles = vendors.map((vendor) => vendor.name);
  if (OWN.includes(name)) throw refuse(null, "needs no entry: leave it out");
  const like = entry.like ?? (titles.includes(name) ? name : undefined);
  if (like === undefined) throw refuse(null, `does not say whose wire it speaks: add like: ${alternatives(titles)}`);
  const vendor = vendors.find((candidate) => candidate.name === like);
  if (!vendor) throw refuse("like", `is no vendor: use ${alternatives(titles)}${didYouMean(like, titles)}`);
  const isVendors = name === vendor.name;
  if (!isVendors && titles.includes(name)) throw refuse("like", `cannot be ${like}: give the entry another name`);
  const { address, place } = addressOf(name, entry, vendor, env);
  if (address === null) throw refuse(null, "has no address: add base_url");
  const keyVariable = entry.api_key_env ?? (isVendors ? vendor.keyVariable : null);
  const urlFault = baseUrlFault(address);
  if (keyVariable === null && urlFault === null && !isLoopback(address))
    throw refuse(null, "has no key: add api_key_env, the name of the environment variable with its key");
  const wire = entry.wire ?? null;
  if (wire !== null && !(vendor.wires as readonly string[]).includes(wire))
    throw refuse(
      "wire",
      vendor.wires.length === 0 ? `is of no use with ${like}: leave it out` : `has to be ${alternatives(vendor.wires)}`,
    );
  const host = entry.host ?? null;
  if (host !== null && !vendor.hosts.includes(host))
    throw refuse(
      "host",
      vendor.hosts.length === 0
        ? `is of no use with ${like}: leave it out`
        : `is not known: use ${alternatives(vendor.hosts)}${didYouMean(host, vendor.hosts)}`,
    );
  if (entry.betas !== undefined && !vendor.hasBetas) throw refuse("betas", `is of no use with ${like}: leave it out`);
  const modelFault = entry.model === undefined ? null : vendor.modelIdFault(entry.model);
  if (modelFault !== null) throw refuse("model", `cannot be used: ${modelFault}`);
  const key = keyVariable === null ? "" : textIn(env, keyVariable);
  return {
    name,
    like,
    apiKey: key === "" ? null : key,
    keyVariable,
    // An unreadable one is never asked: see fault.
    baseUrl: normalBaseUrl(URL.canParse(address) ? address : vendor.baseUrl, vendor.addedPaths),
    baseUrlPlace: place,
    model: entry.model ?? null,
    wire: wire as Wire | null,
    host,
    betas: entry.betas ?? false,
    prices: listOf(name, sources.prices),
    windows: listOf(name, sources.windows),
    fault: urlFault === null ? keyFault(keyVariable, key) : `${place} ${urlFault}`,
  };
}

/** The environment wins, because a host or a person sets it for this process alone. */
function addressOf(name: string, { base_url }: ProviderEntries[string], vendor: Vendor, env: ProviderSources["env"]) {
  const variable = name === vendor.name ? vendor.baseUrlVariable : null;
  const inConfig = `providers.${name}.base_url in your config.yaml`;
  const fromEnv = variable === null ? "" : textIn(env, variable);
  if (fromEnv !== "") return { address: fromEnv, place: `${variable} in the environment of legwork` };
  const place = variable === null ? inConfig : `${variable}, or ${inConfig},`;
  return { address: base_url ?? (variable === null ? null : vendor.baseUrl), place };
}

/** A key or an address, without the line break or the spaces that a copy adds around it. */
function textIn(env: ProviderSources["env"], variable: string): string {
  return (env[variable] ?? "").trim();
}

/** An entry may have any name, so also one that every object has. */
function listOf<T>(name: string, lists: Readonly<Record<string, readonly T[]>>): readonly T[] {
  return (Object.hasOwn(lists, name) ? lists[name] : undefined) ?? [];
}

/** Why a key cannot be used, without the key; null where it can. Some hosts pass on the text `${VAR}` unexpanded. */
function keyFault(variable: string | null, key: string): string | null {
  if (key.startsWith("$"))
    return `${variable} begins with "$": your host does not expand variables, so leave the key out of env`;
  return /^[!-~]*$/.test(key) ? null : `${variable} has characters that no key has: copy the key into it again`;
}
