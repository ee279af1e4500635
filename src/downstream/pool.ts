/** The user's MCP servers as one catalog of tools. */
import type { Catalog, Downstream, ServerProblem } from "../core/ports.js";
import type { ServerConfig } from "../core/server-config.js";
import type { CatalogTool } from "../core/tool.js";
import { notCalled } from "./call-error.js";
import { type Listing, setAside } from "./listing.js";
import { createManagedServer, type DownstreamOptions, type ManagedServer } from "./managed-server.js";
import { protectedPathObjection } from "./workspace-guard.js";

/** Starts nothing until a catalog is asked for; owns every process it starts until close(). */
export function createDownstream(servers: readonly ServerConfig[], options: DownstreamOptions): Downstream {
  const managed = new Map(servers.map((config) => [config.name, createManagedServer(config, options)]));
  const merged = createMergeCache();
  let closing: Promise<void> | null = null;

  /** In the order of the configuration, whatever the order asked. */
  function chosen(names: readonly string[]): readonly ManagedServer[] {
    return [...managed.values()].filter(({ config }) => names.includes(config.name));
  }

  return {
    servers: servers.map(({ name }) => name),
    async catalog(names) {
      const listings = await Promise.all(chosen(names).map((server) => server.listing()));
      return merged(names, listings, unknownAmong(names, managed));
    },
    knownCatalog(names) {
      const listings = chosen(names).map((server) => server.knownListing());
      return listings.every((listing) => listing !== null)
        ? merged(names, listings, unknownAmong(names, managed))
        : null;
    },
    current(tool) {
      const listing = managed.get(tool.server)?.knownListing() ?? null;
      if (listing === null || listing.tools.includes(tool)) return tool;
      return listing.tools.find(({ name }) => name === tool.name) ?? null;
    },
    async objection(tool, args) {
      const guard = managed.get(tool.server)?.config.guard ?? null;
      return guard === null || tool.effect === "read_only" ? null : protectedPathObjection(guard, args);
    },
    async call(tool, args, { timeoutMs, signal }) {
      const server = managed.get(tool.server);
      if (!server) throw notCalled(tool, `there is no server "${tool.server}"`);
      const { timeoutSeconds } = server.config;
      return server.call(tool, args, {
        timeoutMs: timeoutSeconds === null ? timeoutMs : timeoutSeconds * 1000,
        signal,
      });
    },
    close() {
      closing ??= closeAll([...managed.values()], options);
      return closing;
    },
  };
}

type Merge = (names: readonly string[], listings: readonly Listing[], unknown: readonly ServerProblem[]) => Catalog;

/** Gives the same catalog for the same servers as long as each of their listings is the same. */
function createMergeCache(): Merge {
  const cache = new Map<string, { listings: readonly Listing[]; catalog: Catalog }>();
  return (names, listings, unknown) => {
    const key = JSON.stringify(names);
    const cached = cache.get(key);
    if (cached && sameItems(cached.listings, listings)) return cached.catalog;
    const catalog = mergeListings(listings, unknown);
    cache.set(key, { listings, catalog });
    return catalog;
  };
}

function sameItems(left: readonly Listing[], right: readonly Listing[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

/** Of two tools with one qualified name the first stays: a name must always mean the same tool. */
function mergeListings(listings: readonly Listing[], unknown: readonly ServerProblem[]): Catalog {
  const tools = new Map<string, CatalogTool>();
  const problems = [...unknown, ...listings.flatMap((listing) => listing.problems)];
  for (const tool of listings.flatMap((listing) => listing.tools)) {
    const first = tools.get(tool.name);
    if (!first) tools.set(tool.name, tool);
    else
      problems.push(setAside(tool.server, `tool "${tool.tool}"`, `server "${first.server}" also has a ${tool.name}`));
  }
  return { tools: [...tools.values()], problems };
}

function unknownAmong(names: readonly string[], managed: ReadonlyMap<string, ManagedServer>): readonly ServerProblem[] {
  const unknown = names.filter((name) => !managed.has(name));
  return unknown.map((server) => ({ server, code: "unknown_server", message: `there is no server "${server}"` }));
}

/** One failure never stops the rest. */
async function closeAll(servers: readonly ManagedServer[], { log }: DownstreamOptions): Promise<void> {
  const ends = await Promise.allSettled(servers.map((server) => server.close()));
  for (const [index, end] of ends.entries()) {
    if (end.status === "fulfilled") continue;
    log.error({ server: servers[index]?.config.name, err: end.reason }, "server could not be closed");
  }
}
