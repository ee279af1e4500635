/** Restricts an agent's own run to the rights of the agent. */

import { RequestError } from "../../core/errors.js";
import { usdText } from "../../core/run/cost.js";
import { canSpawn } from "../../core/run/limits.js";
import type { RunRequest } from "../../core/run/run.js";
import { READ_ONLY_ENTRY } from "../../core/tools/gate.js";
import { patternMatches } from "../../core/tools/tool.js";
import type { Rule, Step } from "../../core/workflow/workflow.js";
import type { SpawnArguments } from "../request/run-settings.js";
import type { AgentRun } from "../state/turn-context.js";
import type { ToolSet } from "../tools/tool-set.js";

/** A run that starts another: its step, its tool set there, and the rest of its time and money. */
export interface ParentRun {
  readonly run: AgentRun;
  readonly step: Step | null;
  readonly toolSet: ToolSet;
  readonly secondsLeft: number;
  /** The rest of its money and tokens; null is without limit. */
  readonly left: { readonly usd: number | null; readonly tokens: number | null };
}

/** The request of a child within the rights of its parent. Throws RequestError for an excess that the caller names. */
export function restrictToParent(request: RunRequest, args: SpawnArguments, parent: ParentRun): RunRequest {
  const { run, toolSet, secondsLeft, left } = parent;
  const { limits, policy } = request;
  const most = run.request.limits;
  refuseExcess(args, parent);
  const from = (source: string) => `${source} (of the run ${run.id} that started it)`;
  const named = <T extends { readonly from: string }>(source: T) => ({ ...source, from: from(source.from) });
  return {
    ...request,
    policy: {
      allow: [...policy.allow, ...toolSet.policy.allow.map(named)],
      block: [...policy.block, ...toolSet.policy.block.map(named)],
    },
    limits: {
      ...limits,
      maxTurns: Math.min(limits.maxTurns, most.maxTurns),
      timeoutSeconds: Math.min(limits.timeoutSeconds, wholeSeconds(secondsLeft)),
      maxDepth: Math.min(limits.maxDepth, most.maxDepth),
      maxCostUsd: atMost(limits.maxCostUsd, left.usd),
      maxTokens: atMost(limits.maxTokens, left.tokens),
    },
  };
}

function refuseExcess(args: SpawnArguments, { run, step, toolSet, secondsLeft, left }: ParentRun): void {
  const { maxDepth, maxTurns } = run.request.limits;
  if (!canSpawn(run.depth, run.request.limits))
    throw new RequestError("too_deep", `agents at depth ${run.depth} start no others: max_depth is ${maxDepth}`);
  if (step?.rules.some(isFence))
    throw new RequestError(
      "too_much",
      `step "${step.name}" has rules for your calls, which would not hold for an agent of yours: start it in another step`,
    );
  const excess = (args.tools ?? []).find((pattern) => isExcess(pattern, toolSet));
  if (excess !== undefined)
    throw new RequestError(
      "too_much",
      `tools: you may not use "${excess}" yourself, so an agent of yours may not either`,
    );
  if ((args.max_turns ?? 0) > maxTurns)
    throw new RequestError("too_much", `max_turns: you have ${maxTurns} yourself, so an agent of yours has no more`);
  if (secondsLeft <= 0 || (args.timeout_seconds ?? 0) > secondsLeft)
    throw new RequestError("too_much", `timeout_seconds: ${wholeSeconds(secondsLeft)} s of your own time are left`);
  if (left.usd !== null && (left.usd <= 0 || (args.max_cost_usd ?? 0) > left.usd))
    throw new RequestError("too_much", `max_cost_usd: ${usdText(left.usd)} of your own are left`);
  if (left.tokens !== null && (left.tokens <= 0 || (args.max_tokens ?? 0) > left.tokens))
    throw new RequestError("too_much", `max_tokens: ${left.tokens} tokens of your own are left`);
}

/** A rule that may hold back a call: it looks at facts that only the run in the step has. */
function isFence({ action }: Rule): boolean {
  return action === "block" || action === "require_approval";
}

/** The lower of two limits; null is no limit. */
function atMost(limit: number | null, rest: number | null): number | null {
  return rest === null ? limit : Math.min(limit ?? rest, rest);
}

/** Down to whole seconds, where there is at least one. */
function wholeSeconds(seconds: number): number {
  return seconds < 1 ? Math.max(0, seconds) : Math.floor(seconds);
}

/** A pattern that names tools, and none that the parent may use. */
function isExcess(pattern: string, { catalog, allowed }: ToolSet): boolean {
  if (pattern === READ_ONLY_ENTRY) return false;
  const named = catalog.filter((tool) => patternMatches(pattern, tool));
  return named.length > 0 && named.every(({ name }) => !allowed.has(name));
}
