/** What a run needs to go on in a process: its providers, and the servers whose tools it was offered. */
import { ConfigError, RequestError } from "../../core/errors.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import { serverOf } from "../../core/tools/tool.js";
import type { RuntimeParts, Setup } from "../runtime.js";
import { requirePrices } from "./require-prices.js";
import { entriesFor, type ProviderEntry } from "./resolve-provider.js";

export interface Requirements {
  /** The providers that the run and its steps need; empty where one of them cannot be used here. */
  readonly entries: ReadonlyMap<string, ProviderEntry>;
  /** What is not there, one sentence each: providers, then servers. */
  readonly missing: readonly string[];
}

export async function requirementsOf(
  run: Run,
  setup: Setup,
  store: Pick<RunStore, "lastEvents">,
): Promise<Requirements> {
  const servers = missingServers(run, setup, store);
  try {
    return { entries: await entriesOf(run.request, setup.providers), missing: servers };
  } catch (error) {
    if (!(error instanceof RequestError || error instanceof ConfigError)) throw error;
    return { entries: new Map(), missing: [error.message, ...servers] };
  }
}

/** Why an interrupted run does not go on in this process, one sentence each. */
export async function missingRequirements(run: Run, runtime: RuntimeParts): Promise<readonly string[]> {
  if (run.project !== runtime.project)
    return [`it belongs to the project ${run.project}: a legwork there goes on with it`];
  try {
    return (await requirementsOf(run, await runtime.setup(), runtime.store)).missing;
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}

async function entriesOf(request: RunRequest, providers: readonly ProviderEntry[]) {
  const { provider: name, model, workflow } = request;
  const entry = providers.find((candidate) => candidate.name === name);
  if (!entry) throw new RequestError("unknown_provider", `there is no provider "${name}" here`);
  await entry.check(model);
  const place = (part: string) => `workflow ${workflow?.name}: ${part}`;
  const entries = await entriesFor({ entry, model }, workflow, providers, place);
  requirePrices(request, entries);
  return entries;
}

function missingServers(run: Run, { downstream }: Setup, store: Pick<RunStore, "lastEvents">): readonly string[] {
  const faults = new Map(
    downstream.status().flatMap(({ name, problem }) => (problem?.code === "bad_definition" ? [[name, problem]] : [])),
  );
  return serversOffered(run, store).flatMap((server) => {
    if (!downstream.servers.includes(server)) return [`there is no server "${server}" here`];
    return faults.get(server)?.message ?? [];
  });
}

/** The servers whose tools the run was last offered. */
function serversOffered({ id }: Run, store: Pick<RunStore, "lastEvents">): readonly string[] {
  const resolved = store.lastEvents(id, { type: "tools_resolved", beforeSeq: null, limit: 1 })[0]?.event;
  if (resolved?.type !== "tools_resolved") return [];
  const tools = resolved.rulings.flatMap((ruling) => (ruling.allowed ? ruling.tools : []));
  return [...new Set(tools.flatMap((tool) => serverOf(tool) ?? []))];
}
