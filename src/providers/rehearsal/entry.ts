/** Rehearsal scripts among the providers. */
import type { ProviderEntry } from "../../core/ports/provider.js";
import { type WindowList, windowIn } from "../../core/run/context-window.js";
import { type PriceList, priceIn } from "../../core/run/cost.js";
import { once } from "../../lib/once.js";
import { createScripts } from "./script.js";

const DEFAULT_SCRIPT = "quickstart";

export interface RehearsalSettings {
  /** Folders of scripts; the first that has a script of the name counts. */
  readonly folders: readonly string[];
  readonly prices: PriceList;
  readonly windows: WindowList;
}

/** A script is used only where a caller or a file names this provider. */
export function createRehearsalEntry({ folders, prices, windows }: RehearsalSettings): ProviderEntry {
  const loadScript = createScripts(folders);
  return {
    name: "rehearsal",
    defaultModel: DEFAULT_SCRIPT,
    ready: false, // a script is never taken for a model
    keyVariable: null,
    fault: null,
    account: null,
    modelNames: "plain",
    mostTools: null,
    windowOf: (model) => windowIn(windows, model),
    namesModel: () => false,
    priceOf: (model) => priceIn(prices, model),
    async check(model) {
      loadScript(model);
    },
    open: once(async () => {
      const { createRehearsalProvider } = await import("./provider.js");
      return createRehearsalProvider(loadScript);
    }),
  };
}
