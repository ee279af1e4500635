/** The providers of legwork: one line each. */
import { join } from "node:path";
import type { Paths } from "../config/files/paths.js";
import type { Config } from "../config/load-config.js";
import type { ProviderEntry } from "../core/ports/provider.js";
import type { ReadReply } from "../core/run/history.js";
import { createGeminiEntry } from "../providers/gemini/entry.js";
import { readGeminiReply } from "../providers/gemini/from-wire.js";
import { createRehearsalEntry } from "../providers/rehearsal/entry.js";
import { readRehearsalReply } from "../providers/rehearsal/read-reply.js";
import { SHIPPED_WORKFLOWS } from "./open-definitions.js";

interface ProviderParts {
  /** Reads the replies that this provider gave, also those of past runs. */
  readonly readReply: ReadReply;
  createEntry(config: Config, paths: Paths): ProviderEntry;
}

const scriptFolders = ({ home }: Paths) => [join(home, "rehearsals"), join(SHIPPED_WORKFLOWS, "rehearsals")];

// biome-ignore format: one line a provider
const PROVIDERS: Readonly<Record<string, ProviderParts>> = {
  gemini: { readReply: readGeminiReply, createEntry: ({ gemini, prices }) => createGeminiEntry({ ...gemini, prices: prices.gemini }) },
  rehearsal: { readReply: readRehearsalReply, createEntry: ({ prices }, paths) => createRehearsalEntry({ folders: scriptFolders(paths), prices: prices.rehearsal }) },
};

/** Throws for a reply of a provider that this version does not have. */
export const readReply: ReadReply = (raw) => {
  const provider = Object.hasOwn(PROVIDERS, raw.provider) ? PROVIDERS[raw.provider] : undefined;
  if (provider === undefined) throw new Error(`this legwork has no provider "${raw.provider}"`);
  return provider.readReply(raw);
};

/** Opens each provider once for all runs, so that its preparations for one run serve the next. */
export function createProviderEntries(config: Config, paths: Paths): readonly ProviderEntry[] {
  return Object.values(PROVIDERS).map(({ createEntry }) => createEntry(config, paths));
}
