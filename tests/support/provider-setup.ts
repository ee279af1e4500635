/** Providers as a configuration sets them up, on a stand-in. */
import type { ProviderSetup, Vendor } from "../../src/core/definitions/provider-setup.js";
import { normalBaseUrl } from "../../src/core/definitions/provider-setup.js";

/** The vendor's own provider with this key at this address, with changes. */
export function setupOf(
  { name, keyVariable, baseUrlVariable, baseUrl, addedPaths }: Vendor,
  changes: Partial<ProviderSetup> = {},
): ProviderSetup {
  return {
    name,
    like: name,
    apiKey: "key-of-the-test",
    keyVariable,
    baseUrlPlace: `${baseUrlVariable}, or providers.${name}.base_url in your config.yaml,`,
    model: null,
    wire: null,
    host: null,
    betas: false,
    prices: [],
    windows: [],
    fault: null,
    ...changes,
    baseUrl: normalBaseUrl(changes.baseUrl ?? baseUrl, addedPaths),
  };
}
