/** Whom a request asks: the name for sentences, and the address and model that its replies belong to. */
import { type ProviderSetup, storedOrigin, type Vendor } from "../../core/definitions/provider-setup.js";
import type { ReplySource, ReplyTarget, Wire } from "../../core/run/message.js";

/** The name of a provider in sentences: the user knows an entry of his own by its own name. */
export function titleOf({ name }: ProviderSetup, vendor: Pick<Vendor, "name" | "title">): string {
  return name === vendor.name ? vendor.title : name;
}

export function targetOf(
  { baseUrl }: ProviderSetup,
  vendor: Pick<Vendor, "baseUrl">,
  { wire, model }: { readonly wire: Wire; readonly model: string },
): ReplyTarget {
  return { wire, origin: baseUrl === vendor.baseUrl ? undefined : storedOrigin(baseUrl), model };
}

/** Where a reply comes from, as it is stored. */
export function sourceOf({ name }: ProviderSetup, { wire, origin, model }: ReplyTarget): ReplySource {
  return { provider: name, ...(name !== wire && { wire }), ...(origin !== undefined && { origin }), model };
}
