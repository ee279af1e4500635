/** What an agent's own run may do: at most what the agent itself may. */
import { RequestError } from "../core/errors.js";
import { READ_ONLY_ENTRY } from "../core/gate.js";
import { canSpawn } from "../core/limits.js";
import type { RunRequest } from "../core/run.js";
import { patternMatches } from "../core/tool.js";
import type { Offer } from "./offer-tools.js";
import type { SpawnArguments } from "./resolve-request.js";
import type { AgentRun } from "./run-agent.js";

/** The run that starts another, with what it is offered and what is left of its time now. */
export interface ParentRun {
  readonly run: AgentRun;
  readonly offer: Offer;
  readonly secondsLeft: number;
}

/** The request of a child within what its parent may do. Throws RequestError for what it asks beyond that by name. */
export function narrowToParent(
  request: RunRequest,
  args: SpawnArguments,
  { run, offer, secondsLeft }: ParentRun,
): RunRequest {
  const { maxDepth } = run.request.limits;
  if (!canSpawn(run.depth, run.request.limits))
    throw new RequestError("too_deep", `agents at depth ${run.depth} start no others: max_depth is ${maxDepth}`);
  const excess = (args.tools ?? []).find((pattern) => isExcess(pattern, offer));
  if (excess !== undefined)
    throw new RequestError(
      "too_much",
      `tools: you may not use "${excess}" yourself, so an agent of yours may not either`,
    );
  if (secondsLeft <= 0 || (args.timeout_seconds ?? 0) > secondsLeft)
    throw new RequestError(
      "too_much",
      `timeout_seconds: ${Math.max(0, Math.floor(secondsLeft))} s of your own time are left`,
    );
  const { limits, policy } = request;
  const from = (source: string) => `${source} (of the run ${run.id} that started it)`;
  const named = <T extends { readonly from: string }>(source: T) => ({ ...source, from: from(source.from) });
  return {
    ...request,
    policy: {
      allow: [...policy.allow, ...offer.policy.allow.map(named)],
      block: [...policy.block, ...offer.policy.block.map(named)],
    },
    limits: {
      ...limits,
      timeoutSeconds: Math.min(limits.timeoutSeconds, secondsLeft),
      maxDepth: Math.min(limits.maxDepth, maxDepth),
    },
  };
}

/** A pattern that names tools, and none that the parent may use. */
function isExcess(pattern: string, { catalog, allowed }: Offer): boolean {
  if (pattern === READ_ONLY_ENTRY) return false;
  const named = catalog.filter((tool) => patternMatches(pattern, tool));
  return named.length > 0 && named.every(({ name }) => !allowed.has(name));
}
