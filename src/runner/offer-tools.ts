/** What a run may use: worked out once for each catalog and policy, and shared by all runs that have the same. */
import type { ToolRuling } from "../core/event.js";
import { idlePatterns, judgeCatalog, judgeTool } from "../core/gate.js";
import type { ToolDeclaration } from "../core/message.js";
import type { Catalog } from "../core/ports.js";
import type { RunRequest } from "../core/run.js";
import { type CatalogTool, patternMayReach } from "../core/tool.js";
import { completeTool, readResultTool } from "./built-in-tools.js";

export interface Offer {
  /** What the model is shown; the same array while nothing changes. */
  readonly declarations: readonly ToolDeclaration[];
  /** What it is shown in its grace turn. */
  readonly graceDeclarations: readonly ToolDeclaration[];
  readonly catalog: readonly CatalogTool[];
  readonly allowed: ReadonlyMap<string, CatalogTool>;
  readonly rulings: readonly ToolRuling[];
  readonly warnings: readonly string[];
}

const MOST_OFFERS = 100; // policies differ little; an output schema for each run would otherwise be kept for ever

export type OfferTools = (catalog: Catalog, request: RunRequest) => Offer;

export function createOfferTools(): OfferTools {
  const cache = new WeakMap<Catalog, Map<string, Offer>>();
  return (catalog, request) => {
    const offers = cache.get(catalog) ?? new Map<string, Offer>();
    cache.set(catalog, offers);
    const key = JSON.stringify([request.policy, request.outputSchema]);
    const offer = offers.get(key) ?? makeOffer(catalog, request);
    if (offers.size >= MOST_OFFERS) offers.clear();
    offers.set(key, offer);
    return offer;
  };
}

/** The servers whose tools a run may come to use: only these are started for it. */
export function serversFor(request: RunRequest, servers: readonly string[]): readonly string[] {
  const { allow } = request.policy;
  return servers.filter((server) => allow.patterns.some((pattern) => patternMayReach(pattern, server)));
}

function makeOffer(catalog: Catalog, { policy, outputSchema }: RunRequest): Offer {
  const allowed = catalog.tools.filter((tool) => judgeTool(policy, tool).allowed);
  const complete = completeTool(outputSchema);
  return {
    declarations: [...allowed, complete, readResultTool],
    graceDeclarations: [complete],
    catalog: catalog.tools,
    allowed: new Map(allowed.map((tool) => [tool.name, tool])),
    rulings: judgeCatalog(policy, catalog.tools),
    warnings: [
      ...catalog.problems.map((problem) => `${problem.server}: ${problem.message} (${problem.code})`),
      ...idlePatterns(policy, catalog.tools),
    ],
  };
}
