/** Manages the user's MCP servers as one catalog of tools. */

import { setTimeout as delay } from "node:timers/promises";
import type { BrokenServer, DisabledServer, ServerConfig } from "../../core/definitions/server-config.js";
import type { Catalog, Downstream, ServerProblem, ServerStatus } from "../../core/ports/downstream.js";
import { type CatalogTool, patternMatches, serverOf } from "../../core/tools/tool.js";
import { didYouMean } from "../../lib/nearest.js";
import { rejection, toolNamed } from "../catalog/listing.js";
import { createToolMemory } from "../catalog/tool-memory.js";
import { notCalled } from "../connection/call-error.js";
import type { DownstreamOptions } from "../connection/downstream-options.js";
import { createReaper } from "../process/reaper.js";
import { sweepOrphans } from "../process/sweep.js";
import { createManagedServer, type ManagedServer } from "./managed-server.js";

const RUN_WAITS_MS = 10_000; // known servers need 0.2 s; one that has to be downloaded comes in later

/** Starts nothing until a server is acquired or called, but ends the servers that a killed legwork left behind; owns every process that it starts until close(). */
export function createDownstream(
  servers: readonly ServerConfig[],
  brokenServers: readonly BrokenServer[],
  options: DownstreamOptions,
): Downstream {
  const connecting = { ...options, reaper: createReaper(options.baseEnv) };
  const managed = new Map(
    servers.map((config) => [config.name, createManagedServer(config, createToolMemory(config, options), connecting)]),
  );
  const broken = new Map(brokenServers.map((server) => [server.name, toBrokenStatus(server)]));
  const catalogFor = createMergeCache((names) => ({
    servers: chosen(names),
    more: [...problemsOf(names, broken), ...unknownAmong(names, [...managed.keys(), ...broken.keys()], whyAbsent)],
  }));
  const whyAbsent = (name: string) => absence(name, [...managed.keys(), ...broken.keys()], options.disabledServers);
  let closing: Promise<void> | null = null;
  void sweepOrphans(options.log);

  /** The named servers, in the order of the configuration. */
  function chosen(names: readonly string[]): readonly ManagedServer[] {
    return [...managed.values()].filter(({ config }) => names.includes(config.name));
  }

  return {
    servers: [...managed.keys(), ...broken.keys()],
    whyAbsent,
    status: () => [...[...managed.values()].map(toStatus), ...broken.values()],
    catalog: catalogFor,
    acquire(names) {
      const acquired = chosen(names);
      const leases = acquired.map((server) => server.acquire());
      const settled = acquired.map((server) => server.settled());
      const unknown = settled.filter((_, index) => acquired[index]?.known === null);
      return {
        ready: endedOrWaited(unknown),
        tried: endedOrWaited(settled),
        settled: Promise.all(settled).then(() => {}),
        release: () => {
          for (const lease of leases) lease.release();
        },
      };
    },
    current(tool) {
      const server = managed.get(tool.server);
      if (!server) return { kind: "gone", reason: whyAbsent(tool.server) };
      const { shown, problem } = server;
      const now = shown.tools.includes(tool) ? tool : shown.tools.find(({ name }) => name === tool.name);
      if (now) return { kind: "declared", tool: now };
      const withheld = shown.problems.find((candidate) => candidate.tool === tool.name);
      const reason = (problem ?? withheld)?.message ?? "its server has withdrawn it";
      return { kind: "gone", reason };
    },
    afterUnknown(tool) {
      const config = managed.get(serverOf(tool) ?? "")?.config;
      if (!config) return { action: "tell", probe: null };
      const named = { name: tool, server: config.name, writtenServer: config.writtenName ?? config.name };
      const probe = config.probes.findLast(({ pattern }) => patternMatches(pattern, named));
      return { action: config.onUnknown, probe: probe?.tool ?? null };
    },
    async call(tool, args, callOptions) {
      const server = managed.get(tool.server);
      if (!server) throw notCalled(tool, whyAbsent(tool.server));
      return server.call(tool, args, {
        ...callOptions,
        timeoutMs: timeoutOf(tool, server.config, callOptions.timeoutMs),
      });
    },
    close() {
      closing ??= closeAll([...managed.values()], options).finally(() => connecting.reaper.close());
      return closing;
    },
  };
}

/** Resolves when all starts have ended, or when a run has waited long enough. */
async function endedOrWaited(starts: readonly Promise<void>[]): Promise<void> {
  if (starts.length === 0) return;
  const waited = new AbortController();
  const pause = delay(RUN_WAITS_MS, undefined, { ref: false, signal: waited.signal }).catch(() => {});
  await Promise.race([Promise.all(starts), pause]);
  waited.abort();
}

/** The time limit of the tool, else of its server, else the general one. */
function timeoutOf(tool: CatalogTool, config: ServerConfig, generalMs: number): number {
  const own = config.toolTimeouts.findLast(({ pattern }) => patternMatches(pattern, tool));
  const seconds = own?.seconds ?? config.timeoutSeconds;
  return seconds === null ? generalMs : seconds * 1000;
}

function toStatus({ config, state, problem, known, findings }: ManagedServer): ServerStatus {
  const { name, writtenName, from, transport, startTimeoutSeconds } = config;
  return {
    name,
    ...(writtenName === undefined ? {} : { writtenName }),
    from,
    transport: transport.kind,
    state,
    problem,
    startTimeoutSeconds,
    listing: known,
    // A getter, because only the views that show findings need them.
    get pinFindings() {
      return findings();
    },
  };
}

function toBrokenStatus({ fault, ...server }: BrokenServer): ServerStatus {
  const problem = { server: server.name, code: "bad_definition", message: fault };
  const unknown = { transport: null, startTimeoutSeconds: null, listing: null };
  return { ...server, ...unknown, state: "failed", problem, pinFindings: [] };
}

function problemsOf(names: readonly string[], broken: ReadonlyMap<string, ServerStatus>): readonly ServerProblem[] {
  return names.flatMap((name) => broken.get(name)?.problem ?? []);
}

/** The servers of a catalog, and the problems that no server reports itself. */
interface Choice {
  readonly servers: readonly ManagedServer[];
  readonly more: readonly ServerProblem[];
}

/** Returns the same merged catalog for the same servers while none of their catalogs changes. */
function createMergeCache(choose: (names: readonly string[]) => Choice): Downstream["catalog"] {
  const byNames = new Map<string, () => Catalog>();
  const byList = new WeakMap<readonly string[], () => Catalog>(); // a run asks in each turn, with the same list
  return (names) => {
    const known = byList.get(names);
    if (known) return known();
    const key = JSON.stringify(names);
    const merged = byNames.get(key) ?? createMerged(choose(names));
    byNames.set(key, merged);
    byList.set(names, merged);
    return merged();
  };
}

function createMerged({ servers, more }: Choice): () => Catalog {
  let last: { readonly catalogs: readonly Catalog[]; readonly merged: Catalog } | null = null;
  return () => {
    if (last && servers.every(({ shown }, index) => shown === last?.catalogs[index])) return last.merged;
    const catalogs = servers.map((server) => server.shown);
    const { tools, problems } = mergeCatalogs(catalogs, more);
    const probes = servers.flatMap(({ config }) => unusableProbes(config, tools));
    last = { catalogs, merged: { tools, problems: [...problems, ...probes] } };
    return last.merged;
  };
}

/** Keeps the first of two tools with one qualified name, so that a name always means the same tool. */
function mergeCatalogs(catalogs: readonly Catalog[], more: readonly ServerProblem[]): Catalog {
  const tools = new Map<string, CatalogTool>();
  const problems = [...more, ...catalogs.flatMap((catalog) => catalog.problems)];
  for (const tool of catalogs.flatMap((catalog) => catalog.tools)) {
    const first = tools.get(tool.name);
    if (!first) tools.set(tool.name, tool);
    else
      problems.push(rejection(tool.server, toolNamed(tool.tool), `server "${first.server}" also has a ${tool.name}`));
  }
  return { tools: [...tools.values()], problems };
}

/** Reports probes with an effect: a probe that checks a call must not change anything. */
function unusableProbes({ name, probes }: ServerConfig, tools: readonly CatalogTool[]): readonly ServerProblem[] {
  const probing = new Set(probes.map((probe) => probe.tool));
  return tools
    .filter((tool) => probing.has(tool.name) && tool.effect !== "read_only")
    .map((tool) => {
      const message = `probe of server "${name}": ${tool.name} is ${tool.effect}, so legwork does not use it: name a tool that only reads`;
      return { server: name, tool: tool.name, code: "probe_not_read_only", message };
    });
}

function unknownAmong(
  names: readonly string[],
  known: readonly string[],
  why: (name: string) => string,
): readonly ServerProblem[] {
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.map((server) => ({ server, code: "unknown_server", message: why(server) }));
}

function absence(name: string, known: readonly string[], disabled: readonly DisabledServer[]): string {
  const off = disabled.find((server) => server.name === name || server.writtenName === name);
  return off === undefined
    ? `there is no server "${name}"${didYouMean(name, known)}`
    : `server "${name}" is switched off in ${off.from}: switch it on there to use it`;
}

/** Closes all servers, even where some of them fail. */
async function closeAll(servers: readonly ManagedServer[], { log }: DownstreamOptions): Promise<void> {
  const ends = await Promise.allSettled(servers.map((server) => server.close()));
  for (const [index, end] of ends.entries()) {
    if (end.status === "fulfilled") continue;
    log.error({ server: servers[index]?.config.name, err: end.reason }, "server could not be closed");
  }
}
