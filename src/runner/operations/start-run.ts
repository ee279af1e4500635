/** Starts a run: resolved and refused first, then written in one transaction, then driven. */
import { ConfigError, RequestError } from "../../core/errors.js";
import type { Downstream, ServerStatus } from "../../core/ports/downstream.js";
import type { JsonSchemas } from "../../core/ports/json-schemas.js";
import type { ProviderEntry } from "../../core/ports/provider.js";
import type { CreateRunResult, HostSession, NewRun, RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import { canSpawn } from "../../core/run/limits.js";
import type { Run, RunRequest } from "../../core/run/run.js";
import { patternNamesServer } from "../../core/tools/tool.js";
import { sha256 } from "../../lib/hash.js";
import { cutTo } from "../../lib/text.js";
import type { LiveRuns } from "../live/live-runs.js";
import type { OpenAgent } from "../live/open-agent.js";
import { modelsNamed } from "../request/model-in-step.js";
import { requirePrices } from "../request/require-prices.js";
import { policyInStep } from "../request/resolve-policy.js";
import { resolveRequest } from "../request/resolve-request.js";
import type { SpawnArguments } from "../request/run-settings.js";
import type { GetSetup } from "../request/setup.js";
import { type Allowances, usedUpFor } from "../state/budget.js";
import { newReplay } from "../state/replay.js";
import { idleList } from "../tools/idle-lists.js";
import { tooManyTools } from "../tools/too-many-tools.js";
import { type ResolveToolSet, serversFor, type ToolSet } from "../tools/tool-set.js";
import { createUsableCatalogs } from "../tools/usable-catalog.js";
import { type ContextDeps, loadContext } from "./load-context.js";
import { type ParentRun, restrictToParent } from "./restrict-to-parent.js";

export interface StartDeps extends ContextDeps {
  readonly store: Pick<RunStore, "findRun" | "createRun" | "spentIn"> & ContextDeps["store"];
  readonly live: Pick<LiveRuns, "begin" | "closing">;
  readonly schemas: JsonSchemas;
  readonly resolveToolSet: ResolveToolSet;
  readonly setup: GetSetup;
  readonly openAgent: OpenAgent;
  /** Admits the calls of hosts one by one. */
  admission(): Promise<void>;
  newId(prefix: "run" | "ses"): string;
}

export interface StartedRun {
  readonly run: Run;
  /** False for the run that the same idempotency key made before. */
  readonly isNew: boolean;
  /** Its tool set, where the tools of its servers are known. */
  readonly toolSet: ToolSet | null;
  readonly notices: readonly string[];
}

/** Who asks: a host, or an agent with its run. */
export type Caller =
  | { readonly kind: "host"; readonly session: HostSession; readonly signal: AbortSignal }
  | { readonly kind: "agent"; readonly parent: ParentRun; readonly signal: AbortSignal };

/**
 * Starts a run for a host, or for an agent within its own rights. The row exists when this resolves; a slot may not be free
 * yet. Throws RequestError or ConfigError, and then nothing was written.
 */
export async function startRun(asked: SpawnArguments, caller: Caller, deps: StartDeps): Promise<StartedRun> {
  const { live, redact, admission } = deps;
  if (caller.kind === "host") await admission(); // hosts ask for many at once, and for other things meanwhile
  const setup = await deps.setup();
  const { settings, providers, definitions, downstream, notices } = setup;
  const args = redact.value(asked);
  const made = await madeBefore(asked, deps);
  if (made) return { run: made, isNew: false, toolSet: knownToolSet(made.request, downstream, deps), notices };
  const parent = caller.kind === "agent" ? caller.parent : null;
  const context = await loadContext(asked.context, parent?.run ?? null, deps); // a path may look like a secret
  const asker = parent?.run.request ?? null;
  const sources = { settings, providers, definitions, schemas: deps.schemas, parent: asker, context };
  const resolved = await resolveRequest(args, sources);
  const request = parent ? restrictToParent(resolved.request, args, parent) : resolved.request;
  refuseFlat(request, parent === null ? 1 : parent.run.depth + 1);
  requirePrices(request, resolved.entries, settings.allowances);
  if (caller.kind === "host") await refuseUsedUp(caller.session.id, settings.allowances, deps);
  refuseBrokenServers(request, downstream);
  refuseExcessTools(request, resolved.entries, downstream, deps);
  const idle = idleList(request, parent === null ? 1 : parent.run.depth + 1, downstream);
  if (idle !== null) throw new RequestError(idle.code, idle.message);
  const agent = await deps.openAgent(resolved.entries, setup);
  const { run, isNew } = await createRun(request, args, idempotencyOf(asked, redact), caller, deps);
  if (isNew) live.begin(run, newReplay(run.request), agent);
  if (caller.kind === "host") await admission(); // one commit may have created many
  const toolSet = knownToolSet(run.request, downstream, deps);
  return { run, isNew, toolSet, notices: [...notices, ...resolved.notices] };
}

/** Changes since the first use of the key do not matter: a definition may be gone, or a parent's time nearly up. */
async function madeBefore(asked: SpawnArguments, { store, project, redact }: StartDeps): Promise<Run | null> {
  const idempotency = idempotencyOf(asked, redact);
  const key = asked.idempotency_key;
  if (idempotency === null || key === undefined) return null;
  const found = (await store.findRun(project, idempotency.key)) ?? (await store.findRun(project, key));
  if (!found) return null;
  const older = hashOf(redact.value(asked)); // 0.1.0 left out the secrets that it knew
  if (found.requestHash !== idempotency.requestHash && found.requestHash !== older) throw conflict(key, found.run);
  return found.run;
}

/** A workflow that starts agents cannot be followed where the run may start none. */
function refuseFlat({ workflow, limits }: RunRequest, depth: number): void {
  if ((workflow?.settings.maxDepth ?? 1) === 1 || canSpawn(depth, limits)) return;
  const rule = `max_depth is ${limits.maxDepth}, and the run would be at depth ${depth}`;
  const remedy =
    depth === 1 ? "raise max_depth of the agent or of limits in the configuration" : "name another workflow";
  throw new RequestError("too_deep", `workflow ${workflow?.name} starts agents of its own, and ${rule}: ${remedy}`);
}

/** Refuses a run of which each request would find the limit of its session or of the day used up. */
async function refuseUsedUp(sessionId: string, allowances: Allowances, { store }: StartDeps): Promise<void> {
  const failure = await usedUpFor(sessionId, allowances, store);
  if (failure === null) return;
  throw new RequestError(
    failure.code,
    `${failure.message}: raise that limit in your config.yaml, or wait until it counts anew`,
  );
}

/** Refuses a server that the caller names and whose configuration is broken, before anything is written. */
function refuseBrokenServers({ policy }: RunRequest, downstream: Downstream): void {
  for (const { name, writtenName, problem } of downstream.status()) {
    if (problem?.code !== "bad_definition") continue;
    if (policy.allow.some(({ patterns }) => patterns.some((pattern) => patternNamesServer(pattern, name, writtenName))))
      throw new ConfigError(problem.message);
  }
}

/** Refuses a run one of whose steps has more tools than its first model takes, where the tools are known. */
function refuseExcessTools(
  request: RunRequest,
  entries: ReadonlyMap<string, ProviderEntry>,
  downstream: Downstream,
  deps: Pick<StartDeps, "resolveToolSet" | "schemas">,
): void {
  if ([...entries.values()].every(({ mostTools }) => mostTools === null)) return;
  for (const step of request.workflow?.steps ?? [null]) {
    const toolSet = knownToolSet(request, downstream, deps, step);
    const [name] = modelsNamed(request, step, entries);
    const mostTools = entries.get(name?.provider ?? "")?.mostTools ?? null;
    const excess = toolSet && name ? tooManyTools(toolSet, { name, mostTools }, step?.name ?? null) : null;
    if (excess !== null) throw new RequestError(excess.code, excess.message);
  }
}

function knownToolSet(
  request: RunRequest,
  downstream: Downstream,
  { resolveToolSet, schemas }: Pick<StartDeps, "resolveToolSet" | "schemas">,
  step = request.workflow?.steps[0] ?? null,
): ToolSet | null {
  const servers = serversFor(request, downstream.status());
  const isUnknown = ({ name, listing, state }: ServerStatus) =>
    servers.includes(name) && listing === null && state !== "failed";
  if (downstream.status().some(isUnknown)) return null;
  const catalog = createUsableCatalogs(schemas.givenUp)(downstream.catalog(servers));
  return resolveToolSet(catalog, policyInStep(request, step), request, false);
}

const MAX_CHILDREN = 20; // of one run, alive at a time

async function createRun(
  request: RunRequest,
  { title, prompt }: SpawnArguments,
  idempotency: NewRun["idempotency"],
  caller: Caller,
  deps: StartDeps,
) {
  const { store, live, project, newId } = deps;
  const id = newId("run");
  const newRun: NewRun = {
    id,
    sessionId: newId("ses"),
    ...lineage(id, caller),
    continues: null,
    project,
    title: title?.trim() || titleFrom(prompt),
    request,
    message: null,
    step: null,
    idempotency,
  };
  const signal = AbortSignal.any([caller.signal, live.closing]);
  const result = await store.createRun(newRun, { signal, maxChildren: MAX_CHILDREN });
  if (result.kind === "conflict") throw conflict(idempotency?.key ?? "", result.run);
  if (result.kind === "refused") throw refusal(result, live);
  return { run: result.run, isNew: result.kind === "created" };
}

/** Why a run was not written, for its caller. */
export function refusal(
  { reason }: Extract<CreateRunResult, { kind: "refused" }>,
  { closing }: Pick<LiveRuns, "closing">,
): RequestError {
  switch (reason) {
    case "aborted":
      // Nobody would ever learn of a run whose caller has gone before it had a name.
      return closing.aborted
        ? new RequestError("shutting_down", "legwork is shutting down: call it again in a new process")
        : new RequestError("cancelled", "the call was cancelled before its run was created");
    case "parent_ended":
      return new RequestError("parent_ended", "the run that starts it has ended, so it was not started");
    case "too_many_children":
      return new RequestError(
        "too_many_children",
        `${MAX_CHILDREN} of your runs are alive: wait for one of them first`,
      );
    case "source_gone":
      return new RequestError("unknown_run", "the run was deleted meanwhile: spawn_agent starts a new run");
  }
}

function idempotencyOf(asked: SpawnArguments, redact: Redact): NewRun["idempotency"] {
  const { idempotency_key: key } = asked;
  return key === undefined ? null : { key: redact.text(key), requestHash: hashOf(asked) };
}

/** Of the arguments as they were asked: a secret that becomes known later must not change it. */
function hashOf({ idempotency_key: _, ...request }: SpawnArguments): string {
  return sha256(JSON.stringify(sorted(request)));
}

function conflict(key: string, { id }: Run): RequestError {
  return new RequestError(
    "idempotency_conflict",
    `idempotency_key "${key}" already made ${id} with other arguments: use a new key, or the same arguments`,
  );
}

function lineage(id: string, caller: Caller) {
  if (caller.kind === "host") {
    const { session } = caller;
    return { parentSessionId: session.id, hostSession: session, parentRunId: null, rootRunId: id, depth: 1 };
  }
  const { run } = caller.parent;
  return {
    parentSessionId: run.sessionId,
    hostSession: null,
    parentRunId: run.id,
    rootRunId: run.rootRunId,
    depth: run.depth + 1,
  };
}

const TITLE_LENGTH = 80; // characters

/** The first line of a prompt. */
export function titleFrom(prompt: string): string {
  return cutTo(prompt.trim().split("\n")[0] ?? "", TITLE_LENGTH);
}

/** The same value for the same arguments, in whatever order a host writes them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, item]) => [key, sorted(item)]),
  );
}
