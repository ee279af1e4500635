/** Starts a run: resolved and refused first, then written in one transaction, then driven. */
import { createHash } from "node:crypto";
import { ConfigError, RequestError } from "../../core/errors.js";
import type { Downstream, ServerStatus } from "../../core/ports/downstream.js";
import type { HostSession, NewRun, RunStore } from "../../core/ports/run-store.js";
import { canSpawn } from "../../core/run/limits.js";
import { isEnded, type Run, type RunRequest } from "../../core/run/run.js";
import { patternNamesServer } from "../../core/tools/tool.js";
import { openAgentDeps } from "../request/agent-deps.js";
import { requirePrices } from "../request/require-prices.js";
import { policyInStep } from "../request/resolve-policy.js";
import { resolveRequest, type SpawnArguments } from "../request/resolve-request.js";
import type { Runtime } from "../runtime.js";
import { newReplay } from "../state/replay.js";
import { serversFor, type ToolSet } from "../tools/tool-set.js";
import { loadContext } from "./load-context.js";
import { type ParentRun, restrictToParent } from "./restrict-to-parent.js";

export interface StartedRun {
  readonly run: Run;
  /** False for the run that the same idempotency key made before. */
  readonly isNew: boolean;
  /** What it is offered, where the tools of its servers are known. */
  readonly toolSet: ToolSet | null;
  readonly notices: readonly string[];
}

/** Who asks: a host, or an agent with its run. */
type Caller = { readonly signal: AbortSignal } & ({ readonly session: HostSession } | { readonly parent: ParentRun });

/**
 * Starts a run for a host's session, or for an agent within what that may do. Its row exists when this returns; a slot may not be free yet.
 * Throws RequestError or ConfigError, and then nothing was written.
 */
export async function startRun(given: SpawnArguments, caller: Caller, runtime: Runtime): Promise<StartedRun> {
  const isHosts = "session" in caller;
  if (isHosts) await runtime.admission(); // hosts ask for many at once, and for other things meanwhile
  const setup = await runtime.setup();
  const { settings, providers, definitions, downstream, notices } = setup;
  const { schemas, live, redact } = runtime;
  const args = redact.value(given);
  const made = madeBefore(args, runtime);
  if (made) {
    await runtime.store.synced(); // it may have been created a moment ago
    return { run: made, isNew: false, toolSet: knownToolSet(made.request, runtime, downstream), notices };
  }
  const parent = "parent" in caller ? caller.parent : null;
  const asker = parent?.run.request ?? null;
  const context = await loadContext(given.context, parent?.run ?? null, runtime); // a path may look like a secret
  const resolved = await resolveRequest(args, { settings, providers, definitions, schemas, parent: asker, context });
  const request = parent ? restrictToParent(resolved.request, args, parent) : resolved.request;
  refuseFlat(request, parent === null ? 1 : parent.run.depth + 1);
  requirePrices(request, resolved.entries);
  refuseBrokenServers(request, downstream);
  const agent = await openAgentDeps(resolved.entries, setup, runtime);
  const { run, isNew } = await createRun(request, args, caller, runtime);
  if (isNew) live.begin(run, newReplay(run.request), agent);
  if (isHosts) await runtime.admission(); // one commit may have created many
  const toolSet = knownToolSet(run.request, runtime, downstream);
  return { run, isNew, toolSet, notices: [...notices, ...resolved.notices] };
}

/** What has changed since the key was first used does not matter: a definition may be gone, or a parent's time nearly up. */
function madeBefore(args: SpawnArguments, { store, project }: Runtime): Run | null {
  const idempotency = idempotencyOf(args);
  const found = idempotency && store.findRun(project, idempotency.key);
  if (!found) return null;
  if (found.requestHash !== idempotency.requestHash) throw conflict(idempotency.key, found.run);
  return found.run;
}

/** A workflow that starts agents cannot be followed where they may not be started. */
function refuseFlat({ workflow, limits }: RunRequest, depth: number): void {
  if ((workflow?.settings.maxDepth ?? 1) === 1 || canSpawn(depth, limits)) return;
  const rule = `max_depth is ${limits.maxDepth}, and the run would be at depth ${depth}`;
  const remedy =
    depth === 1 ? "raise max_depth of the agent or of limits in the configuration" : "name another workflow";
  throw new RequestError("too_deep", `workflow ${workflow?.name} starts agents of its own, and ${rule}: ${remedy}`);
}

/** A server that the caller names, and that cannot be used as it is configured, is told before anything is written. */
function refuseBrokenServers({ policy }: RunRequest, downstream: Downstream): void {
  for (const { name, problem } of downstream.status()) {
    if (problem?.code !== "bad_definition") continue;
    if (policy.allow.some(({ patterns }) => patterns.some((pattern) => patternNamesServer(pattern, name))))
      throw new ConfigError(problem.message);
  }
}

function knownToolSet(request: RunRequest, { resolveToolSet }: Runtime, downstream: Downstream): ToolSet | null {
  const servers = serversFor(request, downstream.servers);
  const isUnknown = ({ name, listing, state }: ServerStatus) =>
    servers.includes(name) && listing === null && state !== "failed";
  return downstream.status().some(isUnknown)
    ? null
    : resolveToolSet(
        downstream.catalog(servers),
        policyInStep(request, request.workflow?.steps[0] ?? null),
        request,
        false,
      );
}

async function createRun(request: RunRequest, args: SpawnArguments, caller: Caller, runtime: Runtime) {
  const id = runtime.newId("run");
  const idempotency = idempotencyOf(args);
  const newRun: NewRun = {
    id,
    sessionId: runtime.newId("ses"),
    ...lineage(id, caller),
    continues: null,
    project: runtime.project,
    title: args.title ?? titleFrom(args.prompt),
    request,
    message: null,
    step: null,
    idempotency,
  };
  const result = await runtime.live.create(newRun, () => {
    if (runtime.live.closed)
      throw new RequestError("shutting_down", "legwork is shutting down: start the run in a new process");
    if ("parent" in caller) refuseChild(caller.parent.run.id, runtime.store);
    // Nobody would ever learn of a run whose caller has gone before it had a name.
    if (caller.signal.aborted) throw new RequestError("cancelled", "the call was cancelled before its run was created");
  });
  if (result.kind === "conflict") throw conflict(idempotency?.key ?? "", result.run);
  return { run: result.run, isNew: result.kind === "created" };
}

function idempotencyOf({ idempotency_key: key, ...asked }: SpawnArguments): NewRun["idempotency"] {
  return key === undefined ? null : { key, requestHash: hashOf(asked) };
}

function conflict(key: string, { id }: Run): RequestError {
  return new RequestError(
    "idempotency_conflict",
    `idempotency_key "${key}" already made ${id} with other arguments: use a new key, or the same arguments`,
  );
}

const MOST_CHILDREN = 20; // of one run, going on at a time

function refuseChild(parentRunId: string, store: RunStore): void {
  const status = store.statusOf(parentRunId);
  // Another process may have ended the parent, and nothing would end what it starts afterwards.
  if (status === null || isEnded(status))
    throw new RequestError("parent_ended", "the run that starts it has ended, so it was not started");
  if (store.countLivingChildren(parentRunId) >= MOST_CHILDREN)
    throw new RequestError("too_many_children", `${MOST_CHILDREN} of your runs go on: wait for one of them first`);
}

function lineage(id: string, caller: Caller) {
  if ("session" in caller) {
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

const TITLE_LENGTH = 80;

/** The first line of what is asked for. */
export function titleFrom(prompt: string): string {
  const line = prompt.trim().split("\n")[0] ?? "";
  return line.length <= TITLE_LENGTH ? line : `${line.slice(0, TITLE_LENGTH - 1)}…`;
}

/** The same arguments give the same hash, in whatever order a host writes them. */
function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, item]) => [key, sorted(item)]),
  );
}
