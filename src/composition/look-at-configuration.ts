/** What can be said of the configuration without a run: whether it can be read, what it leaves out, which providers are ready. */
import type { ConfigurationLook } from "../cli/commands/doctor.js";
import type { Paths } from "../config/files/paths.js";
import { type Config, loadConfig } from "../config/load-config.js";
import { ConfigError, RequestError } from "../core/errors.js";
import { requirePrices } from "../runner/request/require-prices.js";
import { type ProviderEntry, resolveProvider } from "../runner/request/resolve-provider.js";
import { openDefinitions } from "./open-definitions.js";
import { providerEntries } from "./open-legwork.js";

/** Reads files only. */
export async function lookAtConfiguration(paths: Paths): Promise<ConfigurationLook> {
  try {
    const config = await loadConfig(paths);
    const notices = [...config.notices, ...(await definitionNotices(paths))];
    const entries = providerEntries(config, paths);
    const providers = await Promise.all(
      entries.map(async (entry) => ({ name: entry.name, problem: await problemOf(entry) })),
    );
    return { fault: null, notices, providers, choice: await choiceOf(config, entries) };
  } catch (error) {
    return { fault: messageOf(error), notices: [], providers: [], choice: null };
  }
}

/** What is wrong with files of agents and workflows, each of which costs only itself. */
async function definitionNotices(paths: Paths): Promise<readonly string[]> {
  const { definitions } = await openDefinitions(paths);
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

async function choiceOf(config: Config, entries: readonly ProviderEntry[]) {
  try {
    const { entry, model } = await resolveProvider([], config, entries);
    const choice = { provider: entry.name, model };
    requirePrices({ ...choice, limits: config.limits, workflow: null }, new Map([[entry.name, entry]]));
    return choice;
  } catch (error) {
    return { refusal: messageOf(error) };
  }
}

/** The sentence for the user; throws what is a mistake of ours. */
function messageOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof RequestError) return error.message;
  throw error;
}
