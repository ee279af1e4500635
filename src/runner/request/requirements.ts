/** The providers and servers that a run requires of a process that continues it. */
import { ConfigError, RequestError } from "../../core/errors.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import { serverOf } from "../../core/tools/tool.js";
import { type JournalVersions, newerFault } from "./newer-runs.js";
import { requirePrices } from "./require-prices.js";
import { entriesFor } from "./resolve-provider.js";
import type { GetSetup, Setup } from "./setup.js";

export interface Requirements {
  /** The providers of the run and its steps; empty where one of them cannot be used here. */
  readonly entries: ReadonlyMap<string, ProviderEntry>;
  /** The providers, then the servers, that are missing here; one sentence each. */
  readonly missing: readonly string[];
}

type Events = Pick<RunStore, "lastEvents">;

export async function requirementsOf(run: Run, setup: Setup, store: JournalVersions & Events): Promise<Requirements> {
  const newer = await newerFault(run, store);
  if (newer !== null) return { entries: new Map(), missing: [newer.message] };
  const servers = await missingServers(run, setup, store);
  try {
    return { entries: await entriesOf(run.request, setup), missing: servers };
  } catch (error) {
    if (!(error instanceof RequestError || error instanceof ConfigError)) throw error;
    return { entries: new Map(), missing: [error.message, ...servers] };
  }
}

export interface RequirementsDeps {
  readonly project: string;
  readonly store: JournalVersions & Events;
  readonly setup: GetSetup;
}

/** Why this process cannot continue an interrupted run; one sentence each. */
export async function missingRequirements(
  run: Run,
  { project, store, setup }: RequirementsDeps,
): Promise<readonly string[]> {
  const newer = await newerFault(run, store); // before the configuration is read: it changes nothing
  if (newer !== null) return [newer.message];
  if (run.project !== project)
    return [`it belongs to the project ${run.project}: only a legwork process opened there continues it`];
  try {
    return (await requirementsOf(run, await setup(), store)).missing;
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}

async function entriesOf(request: RunRequest, { providers, settings }: Setup) {
  const { provider: name, model, workflow } = request;
  const entry = providers.find((candidate) => candidate.name === name);
  if (!entry) throw new RequestError("unknown_provider", `there is no provider "${name}" here`);
  await entry.check(model);
  const place = (part: string) => `workflow ${workflow?.name}: ${part}`;
  const chosen = { entry, model, fallbackModels: request.fallbackModels ?? [] };
  const { entries } = await entriesFor(chosen, workflow, { providers, aliases: {} }, place);
  requirePrices(request, entries, settings.allowances);
  return entries;
}

async function missingServers(run: Run, { downstream }: Setup, store: Events): Promise<readonly string[]> {
  const faults = new Map(
    downstream.status().flatMap(({ name, problem }) => (problem?.code === "bad_definition" ? [[name, problem]] : [])),
  );
  const servers = await serversInToolSet(run, store);
  return servers.flatMap((server) => {
    if (!downstream.servers.includes(server)) return [downstream.whyAbsent(server)];
    return faults.get(server)?.message ?? [];
  });
}

/** The servers behind the last tool set of the run. */
async function serversInToolSet({ id }: Run, store: Events): Promise<readonly string[]> {
  const [last] = await store.lastEvents(id, { type: "tools_resolved", beforeSeq: null, limit: 1 });
  if (last?.event.type !== "tools_resolved") return [];
  const tools = last.event.rulings.flatMap((ruling) => (ruling.allowed ? ruling.tools : []));
  return [...new Set(tools.flatMap((tool) => serverOf(tool) ?? []))];
}
