/** A look at the configuration without a run: whether it can be read, its notices, and the state of each provider. */
import type { ConfigurationLook, ModelChoice } from "../cli/services.js";
import type { Config } from "../config/load-config.js";
import { ConfigError, RequestError } from "../core/errors.js";
import type { ProviderEntry } from "../core/ports/provider.js";
import { requirePrices } from "../runner/request/require-prices.js";
import { entriesFor, resolveProvider } from "../runner/request/resolve-provider.js";
import type { Parts } from "./create-parts.js";

const REHEARSAL = "rehearsal"; // never ready, and always there

/** Reads files only; leaves out vendors whose key is not set where another provider is ready. */
export async function lookAtConfiguration(parts: Parts): Promise<ConfigurationLook> {
  try {
    const config = await parts.config();
    const notices = [...config.notices, ...(await definitionNotices(parts))];
    const entries = await parts.providers();
    const hasReady = entries.some(({ ready }) => ready);
    const isUnused = ({ ready, fault, name }: ProviderEntry) =>
      hasReady && !ready && fault === null && name !== config.provider && name !== REHEARSAL;
    const providers = await Promise.all(
      entries
        .filter((entry) => !isUnused(entry))
        .map(async (entry) => ({ name: entry.name, problem: await problemOf(entry) })),
    );
    return { kind: "read", notices, providers, choice: await choiceOf(config, entries) };
  } catch (error) {
    return { kind: "fault", fault: messageOf(error) };
  }
}

/** The faults in files of agents and workflows; each costs only its own file. */
async function definitionNotices(parts: Parts): Promise<readonly string[]> {
  const { definitions } = await parts.definitions();
  const entries = [...definitions.agents(), ...definitions.workflows()];
  return [...entries.flatMap(({ error }) => (error === null ? [] : [error])), ...definitions.notices];
}

async function problemOf({ check, defaultModel }: ProviderEntry): Promise<string | null> {
  try {
    await check(defaultModel);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

async function choiceOf(config: Config, entries: readonly ProviderEntry[]): Promise<ModelChoice> {
  try {
    const chosen = await resolveProvider([], config, entries);
    const { model, fallbackModels, notices } = chosen;
    const choice = { provider: chosen.entry.name, model, fallbackModels };
    const used = await entriesFor(chosen, null, { providers: entries, aliases: config.aliases }, () => "");
    requirePrices({ ...choice, limits: config.limits, workflow: null }, used.entries, config.allowances);
    return { kind: "chosen", ...choice, notices };
  } catch (error) {
    return { kind: "refused", refusal: messageOf(error) };
  }
}

/** The sentence for the user; throws every other error on. */
function messageOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof RequestError) return error.message;
  throw error;
}
