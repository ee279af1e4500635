/** What replies cost: prices by model, and sums in which one unknown part makes the whole unknown. */

import { starMatches } from "../../lib/star-matches.js";
import type { Usage } from "./run.js";

/** USD for a million tokens; `cached` is for input that the vendor had kept. Thinking is paid as output. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
}

/** What a provider's models cost, by name or pattern with `*`, in the order of the file. */
export type PriceList = readonly { readonly models: string; readonly price: Price }[];

export const FREE: Price = { input: 0, output: 0, cached: 0 };

const TOKENS = 1_000_000; // that a price is for
export const USD_PLACES = 12; // of a sum in USD: far below any price of a token, and no rest of binary fractions is left

/** The price of a model: that under its very name, else that of the first pattern that matches; null where nobody has given one. */
export function priceIn(list: PriceList, model: string): Price | null {
  const named = list.find(({ models }) => models === model) ?? list.find(({ models }) => starMatches(models, model));
  return named?.price ?? null;
}

/** What a reply cost; null where its price or its tokens are not known, but for a model that costs nothing. */
export function costOf(usage: Usage | null, price: Price | null): number | null {
  if (price === null) return null;
  if (price.input === 0 && price.output === 0 && price.cached === 0) return 0;
  if (usage === null) return null;
  const cached = Math.min(usage.cached, usage.input); // a part of the input
  const fresh = usage.input - cached;
  const written = usage.output + usage.thinking;
  return toUsd((fresh * price.input + cached * price.cached + written * price.output) / TOKENS);
}

/** The sum of two costs; null where one of them is not known. */
export function addCosts(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : toUsd(one + other);
}

/** An amount without what binary fractions add to it. */
export function toUsd(amount: number): number {
  return Number(amount.toFixed(USD_PLACES));
}

/** An amount as people read it. */
export function usdText(amount: number): string {
  const shown = Number(amount.toPrecision(6)).toFixed(USD_PLACES);
  return `${shown.replace(/\.?0+$/, "")} USD`;
}
