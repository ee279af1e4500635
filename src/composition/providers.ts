/** The providers of legwork: one line each. */
import { join } from "node:path";
import type { Paths } from "../config/files/paths.js";
import type { Config } from "../config/load-config.js";
import type { Vendor } from "../core/definitions/provider-setup.js";
import type { ReadReply } from "../core/journal/history-state.js";
import type { ProviderEntry } from "../core/ports/provider.js";
import { wireOf } from "../core/run/message.js";
import { anthropic } from "../providers/anthropic/definition.js";
import { createEntry, type ProviderDefinition } from "../providers/definition.js";
import { gemini } from "../providers/gemini/definition.js";
import { openai } from "../providers/openai/definition.js";
import { createRehearsalEntry } from "../providers/rehearsal/entry.js";
import { readRehearsalReply } from "../providers/rehearsal/read-reply.js";
import { SHIPPED_WORKFLOWS } from "./open-definitions.js";

const DEFINITIONS: readonly ProviderDefinition[] = [anthropic, openai, gemini];

/** The vendors behind them, for the configuration. */
export const VENDORS: readonly Vendor[] = DEFINITIONS;

const READERS: Readonly<Record<string, ReadReply>> = Object.assign(
  { rehearsal: readRehearsalReply },
  ...DEFINITIONS.map(({ readReply }) => readReply),
);

/** Throws for a reply on a wire that this version does not have. */
export const readReply: ReadReply = (raw) => {
  const wire = wireOf(raw);
  const read = Object.hasOwn(READERS, wire) ? READERS[wire] : undefined;
  if (read === undefined) throw new Error(`this legwork has no provider "${wire}"`);
  return read(raw);
};

/** Opens each provider once for all runs, so that its preparations for one run serve the next. */
export function createProviderEntries(
  { providers, prices, windows }: Config,
  { home }: Paths,
): readonly ProviderEntry[] {
  const folders = [join(home, "rehearsals"), join(SHIPPED_WORKFLOWS, "rehearsals")];
  const entries = providers.flatMap((setup) => {
    const definition = DEFINITIONS.find(({ name }) => name === setup.like);
    return definition ? [createEntry(definition, setup)] : [];
  });
  return [
    ...entries,
    createRehearsalEntry({ folders, prices: prices.rehearsal ?? [], windows: windows.rehearsal ?? [] }),
  ];
}
