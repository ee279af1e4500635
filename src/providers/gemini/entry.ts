/** Gemini among the providers; its vendor's SDK stays unloaded until a run asks a model. */
import { ConfigError, RequestError } from "../../core/errors.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import { type PriceList, priceIn } from "../../core/run/cost.js";
import { once } from "../../lib/once.js";
import { modelIdFault } from "./model-id.js";
import { GEMINI } from "./wire.js";

const DEFAULT_MODEL = "gemini-3.8-flash";

export interface GeminiSettings {
  readonly apiKey: string | null;
  /** The vendor's address without the version; null is its own. */
  readonly baseUrl: string | null;
  readonly prices: PriceList;
}

/** Gemini is ready where there is a key. */
export function createGeminiEntry({ apiKey, baseUrl, prices }: GeminiSettings): ProviderEntry {
  return {
    name: GEMINI,
    defaultModel: DEFAULT_MODEL,
    ready: apiKey !== null,
    priceOf: (model) => priceIn(prices, model),
    async check(model) {
      const fault = modelIdFault(model);
      if (fault !== null) throw new RequestError("unknown_model", fault);
      if (apiKey === null)
        throw new ConfigError("provider gemini needs a key: set GEMINI_API_KEY in the environment of legwork");
    },
    open: once(async () => {
      const { createGeminiProvider } = await import("./provider.js");
      return createGeminiProvider({ apiKey: apiKey ?? "", baseUrl });
    }),
  };
}
