/** The prices of models, which the user gives: legwork ships none. */
import { z } from "zod";
import { FREE, type PriceList } from "../../core/run/cost.js";
import { MOST } from "../../core/run/limits.js";

const PerMillion = z.number().min(0).max(MOST.usd);

const Price = z.strictObject({ input: PerMillion, output: PerMillion, cached: PerMillion.optional() });

const Models = z.record(z.string().min(1), Price);

/** The schema of `prices`: USD per million tokens. */
export const Prices = z.strictObject({ gemini: Models.optional(), rehearsal: Models.optional() });

/** The prices of each provider's models. */
export interface PriceLists {
  readonly gemini: PriceList;
  readonly rehearsal: PriceList;
}

/** Cached input costs as much as other input unless it has its own price. Rehearsal scripts are free. */
export function toPriceLists({ gemini = {}, rehearsal = {} }: z.infer<typeof Prices>): PriceLists {
  return { gemini: toList(gemini), rehearsal: [...toList(rehearsal), { models: "*", price: FREE }] };
}

function toList(models: z.infer<typeof Models>): PriceList {
  return Object.entries(models).map(([name, { input, output, cached = input }]) => ({
    models: name,
    price: { input, output, cached },
  }));
}
