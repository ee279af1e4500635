/** What models cost, as the user says it; none is known otherwise. */
import { z } from "zod";
import { FREE, type PriceList } from "../../core/run/cost.js";
import { MOST } from "../../core/run/limits.js";

const PerMillion = z.number().min(0).max(MOST.usd);

const Price = z.strictObject({ input: PerMillion, output: PerMillion, cached: PerMillion.optional() });

const Models = z.record(z.string().min(1), Price);

/** What may stand under `prices`. */
export const Prices = z.strictObject({ gemini: Models.optional(), rehearsal: Models.optional() });

/** The prices of each provider's models. */
export interface PriceLists {
  readonly gemini: PriceList;
  readonly rehearsal: PriceList;
}

/** Cached input costs as much as other input where nothing else is said; scripts cost nothing. */
export function toPriceLists({ gemini = {}, rehearsal = {} }: z.infer<typeof Prices>): PriceLists {
  return { gemini: toList(gemini), rehearsal: [...toList(rehearsal), { models: "*", price: FREE }] };
}

function toList(models: z.infer<typeof Models>): PriceList {
  return Object.entries(models).map(([name, { input, output, cached = input }]) => ({
    models: name,
    price: { input, output, cached },
  }));
}
