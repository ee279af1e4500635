/** The prices of models, which the user gives: legwork ships none. */
import { z } from "zod";
import type { Vendor } from "../../core/definitions/provider-setup.js";
import { FREE, type PriceList } from "../../core/run/cost.js";
import { MOST } from "../../core/run/limits.js";

const PerMillion = z.number().min(0).max(MOST.usd);

const Price = z.strictObject({
  input: PerMillion,
  output: PerMillion,
  cached: PerMillion.optional(),
  cache_write: PerMillion.optional(),
});

const Models = z.record(z.string().min(1), Price);

/** The schema of `prices`: USD per million tokens, by provider and model. */
export const Prices = z.record(z.string(), Models);

/** The prices of each provider's models, by the name of the provider. */
export type PriceLists = Readonly<Record<string, PriceList>>;

/**
 * Cached input costs as much as other input unless it has its own price, and input that is written to the cache what the
 * vendor adds to that. Rehearsal scripts are free. `ratioOf` gives what a provider's vendor takes for writing to its cache.
 */
export function toPriceLists(
  prices: z.infer<typeof Prices>,
  ratioOf: (provider: string) => Vendor["cacheWriteRatio"],
): PriceLists {
  const lists = Object.entries(prices).map(
    ([provider, models]) => [provider, toList(models, ratioOf(provider))] as const,
  );
  const known = Object.fromEntries(lists);
  return { ...known, rehearsal: [...(known.rehearsal ?? []), { models: "*", price: FREE }] };
}

function toList(models: z.infer<typeof Models>, ratio: number): PriceList {
  return Object.entries(models).map(([name, { input, output, cached = input, cache_write = input * ratio }]) => ({
    models: name,
    price: { input, output, cached, ...(cache_write !== input && { cacheWrite: cache_write }) },
  }));
}
