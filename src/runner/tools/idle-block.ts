/** Finds a block that would block nothing. */
import type { Downstream, ServerStatus } from "../../core/ports/downstream.js";
import type { PatternSource, ToolPolicy } from "../../core/run/run.js";
import { patternForbids, patternMayReach } from "../../core/tools/tool.js";
import { claudeName, whyMissing } from "../../core/tools/tool-alias.js";
import { didYouMean } from "../../lib/nearest.js";

/**
 * A sentence about the first block that has to match a tool and matches none; null where there is none. A block that
 * could still match a tool of a server whose tools are unknown is left alone: it blocks that tool when it appears.
 */
export function idleBlock({ block }: ToolPolicy, downstream: Pick<Downstream, "status">): string | null {
  const strict = block.filter(({ mustMatch }) => mustMatch);
  if (strict.length === 0) return null;
  const servers = downstream.status();
  for (const source of strict) {
    const pattern = source.patterns.find((candidate) => isIdle(candidate, servers));
    if (pattern !== undefined) return sentenceFor(pattern, source, servers);
  }
  return null;
}

/** The name of a host's own tool without a counterpart here is not idle: there is nothing to forbid. */
function isIdle(pattern: string, servers: readonly ServerStatus[]): boolean {
  if (whyMissing(pattern) !== null) return false;
  return !servers.some(({ name, writtenName, listing }) =>
    listing === null
      ? patternMayReach(pattern, name, writtenName)
      : listing.tools.some((tool) => patternForbids(pattern, tool)),
  );
}

function sentenceFor(pattern: string, { from }: PatternSource, servers: readonly ServerStatus[]): string {
  const names = servers.flatMap(({ listing }) => listing?.tools.flatMap((tool) => [tool.name, claudeName(tool)]) ?? []);
  return `"${pattern}" in the blocked tools of ${from} matches no tool, so it would block nothing: correct it or remove it${didYouMean(pattern, names)}`;
}
