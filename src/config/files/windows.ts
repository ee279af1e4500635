/** The context windows of models, where the user knows better than legwork. */
import { z } from "zod";
import type { WindowList } from "../../core/run/context-window.js";

const Tokens = z.int().min(1_000).max(100_000_000);

/** The schema of `context_windows`: tokens, by provider and model. */
export const Windows = z.record(z.string(), z.record(z.string().min(1), Tokens));

/** The context windows of each provider's models, by the name of the provider. */
export type WindowLists = Readonly<Record<string, WindowList>>;

export function toWindowLists(windows: z.infer<typeof Windows>): WindowLists {
  return Object.fromEntries(
    Object.entries(windows).map(([provider, models]) => [
      provider,
      Object.entries(models).map(([name, tokens]) => ({ models: name, tokens })),
    ]),
  );
}
