/** Cost of replies: prices by model, and sums in which one unknown part makes the whole unknown. */

import { entryFor } from "./model-name.js";
import type { Usage } from "./run.js";

/** USD for a million tokens. Thinking tokens cost as much as output. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** For input that the vendor reads from its cache. */
  readonly cached: number;
  /** For input that the vendor writes to its cache; missing where that costs as much as other input. */
  readonly cacheWrite?: number;
}

/** Prices of a provider's models, by name or pattern with `*`, in the order of the file. */
export type PriceList = readonly { readonly models: string; readonly price: Price }[];

export const FREE: Price = { input: 0, output: 0, cached: 0 };

export const PRICED_TOKENS = 1_000_000; // a price is for this many
export const USD_PLACES = 12; // decimal places of a sum in USD: far below the price of a token, and enough to drop the rest of binary fractions

/** The price of a model; null where the list has none. */
export function priceIn(list: PriceList, model: string): Price | null {
  return entryFor(list, model)?.price ?? null;
}

/** The cost of a reply in USD; null where its price or its tokens are unknown. A free model costs 0 in any case. */
export function costOf(usage: Usage | null, price: Price | null): number | null {
  if (price === null) return null;
  if (Object.values(price).every((usd) => usd === 0)) return 0;
  if (usage === null) return null;
  const cached = Math.min(usage.cached, usage.input); // both are parts of the input
  const stored = Math.min(usage.cacheWrite ?? 0, usage.input - cached);
  const fresh = usage.input - cached - stored;
  const written = usage.output + usage.thinking;
  const input = fresh * price.input + cached * price.cached + stored * (price.cacheWrite ?? price.input);
  return toUsd((input + written * price.output) / PRICED_TOKENS);
}

/** All tokens of a request and its reply. */
export function tokensOf({ input, output, thinking }: Usage): number {
  return input + output + thinking;
}

/** The sum of two costs; null where one of them is unknown. */
export function addCosts(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : toUsd(one + other);
}

/** An amount without the rest that binary fractions add to it. */
export function toUsd(amount: number): number {
  return Number(amount.toFixed(USD_PLACES));
}

/** An amount for people, such as "0.25 USD". */
export function usdText(amount: number): string {
  const shown = Number(amount.toPrecision(6)).toFixed(USD_PLACES);
  return `${shown.replace(/\.?0+$/, "")} USD`;
}
