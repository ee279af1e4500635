/** Finds lists of tools that would do nothing: a block that blocks none, and grants that grant none. */
import type { Downstream, ServerStatus } from "../../core/ports/downstream.js";
import { canSpawn } from "../../core/run/limits.js";
import type { PatternSource, RunFailure, RunRequest, ToolPolicy } from "../../core/run/run.js";
import { mayMatch, whyAllIdle } from "../../core/tools/gate.js";
import { patternForbids, patternNamesServer } from "../../core/tools/tool.js";
import { claudeName, whyMissing } from "../../core/tools/tool-alias.js";
import { didYouMean } from "../../lib/nearest.js";
import { policiesOf } from "../request/resolve-policy.js";

/** The fault of a list that matches none of the tools known now; null where every list does, or may. */
export function idleList(
  request: RunRequest,
  depth: number,
  downstream: Pick<Downstream, "status">,
): RunFailure | null {
  const servers = downstream.status();
  const block = idleBlock(request.policy, servers);
  if (block !== null) return { code: "unmatched_block", message: block };
  const grants = idleGrants(request, canSpawn(depth, request.limits), servers);
  return grants === null ? null : { code: "unknown_tools", message: grants };
}

/**
 * Why a list of tools leaves the agent without any: no entry matches a tool. Null where that is not so, or not known because
 * an entry may match a tool of a server that has not listed its tools yet.
 */
function idleGrants(request: RunRequest, mayStart: boolean, servers: readonly ServerStatus[]): string | null {
  const lists = new Set(policiesOf(request).flatMap(({ allow }) => allow)); // steps share those of the run
  for (const { patterns, from } of lists) {
    const why = whyAllIdle(patterns, servers, mayStart);
    if (why !== null) return `tools of ${from}: ${why}`;
  }
  return null;
}

/**
 * A sentence about the first block that has to match a tool and matches none; null where there is none. A block that
 * could still match a tool of a server that has not listed its tools yet is left alone: it blocks that tool when it appears.
 * A failed server lists none, so it excuses no block.
 */
function idleBlock({ block }: ToolPolicy, servers: readonly ServerStatus[]): string | null {
  const strict = block.filter(({ mustMatch }) => mustMatch);
  for (const source of strict) {
    const pattern = source.patterns.find((candidate) => isIdle(candidate, servers));
    if (pattern !== undefined) return sentenceFor(pattern, source, servers);
  }
  return null;
}

/** The name of a host's own tool without a counterpart here is not idle: there is nothing to forbid. */
function isIdle(pattern: string, servers: readonly ServerStatus[]): boolean {
  return whyMissing(pattern) === null && !mayMatch(pattern, servers, patternForbids, () => false);
}

function sentenceFor(pattern: string, { from }: PatternSource, servers: readonly ServerStatus[]): string {
  const names = servers.flatMap(({ listing }) => listing?.tools.flatMap((tool) => [tool.name, claudeName(tool)]) ?? []);
  const failed = servers.find(
    ({ name, writtenName, listing }) => listing === null && patternNamesServer(pattern, name, writtenName),
  );
  const remedy = failed === undefined ? "correct it or remove it" : "remove it, or mend its server";
  const why = failed?.problem ? ` (${failed.problem.message})` : didYouMean(pattern, names);
  return `"${pattern}" in the blocked tools of ${from} matches no tool, so it would block nothing: ${remedy}${why}`;
}
