/** The gate: decides whether a run may use a tool, and by which rule. */

import { didYouMean } from "../../lib/nearest.js";
import type { ToolRuling } from "../journal/event.js";
import type { ServerStatus } from "../ports/downstream.js";
import type { PatternSource, ToolPolicy } from "../run/run.js";
import {
  type CatalogTool,
  patternForbids,
  patternMatches,
  patternMayReach,
  patternNamesServer,
  whyNotGranted,
} from "./tool.js";
import { hasOwnTool, whyMissing } from "./tool-alias.js";

/** The entry of a `tools` list that stands for every read-only tool. */
export const READ_ONLY_ENTRY = "read_only";

export interface Verdict {
  readonly allowed: boolean;
  /** True where blocked_tools decided. */
  readonly blocked: boolean;
  readonly rule: string;
}

/** Judges one tool: blocked patterns win, then the tool must be granted. */
export function judgeTool(policy: ToolPolicy, tool: CatalogTool): Verdict {
  for (const { patterns, from } of policy.block) {
    const pattern = covering(patterns, tool, patternForbids);
    if (pattern !== null) return { allowed: false, blocked: true, rule: `"${pattern}" is in blocked_tools of ${from}` };
  }
  const verdicts = policy.allow.map((source) => grantedBy(source, tool));
  const refusal = verdicts.find(({ allowed }) => !allowed);
  return refusal ?? verdicts[0] ?? granted(false, "nothing grants it");
}

function grantedBy({ patterns, from }: PatternSource, tool: CatalogTool): Verdict {
  const pattern = covering(patterns, tool, patternMatches);
  if (pattern === READ_ONLY_ENTRY) return granted(true, `read-only tools are granted by ${from}`);
  if (pattern !== null) return granted(true, `"${pattern}" is in tools of ${from}`);
  if (!patterns.includes(READ_ONLY_ENTRY)) return granted(false, `no entry in tools of ${from} names it`);
  const scope = patterns.length === 1 ? "only tools that read" : "only tools that read and those it names";
  return granted(false, `${from} grants ${scope}, and this one is ${tool.effect}`);
}

function granted(allowed: boolean, rule: string): Verdict {
  return { allowed, blocked: false, rule };
}

/** Judges a whole catalog once, grouped by rule in catalog order. */
export function judgeCatalog(policy: ToolPolicy, tools: readonly CatalogTool[]): readonly ToolRuling[] {
  const groups = new Map<string, Verdict & { readonly tools: string[] }>();
  for (const tool of tools) {
    const verdict = judgeTool(policy, tool);
    const key = `${verdict.allowed} ${verdict.rule}`;
    const group = groups.get(key);
    if (group) group.tools.push(tool.name);
    else groups.set(key, { ...verdict, tools: [tool.name] });
  }
  return [...groups.values()];
}

/**
 * Sentences about the patterns of a policy that match no tool of the catalog: the place of the pattern, and the reason, the
 * nearest name, or the awaited servers, which have not listed their tools yet.
 */
export function idlePatterns(
  policy: ToolPolicy,
  tools: readonly CatalogTool[],
  { canSpawn, awaited }: { readonly canSpawn: boolean; readonly awaited: readonly string[] },
): readonly string[] {
  const why = whyIdle(tools);
  const yet = (pattern: string) => {
    const isHosts = whyMissing(pattern) !== null || whyNotGranted(pattern) !== null;
    const servers = isHosts ? [] : awaited.filter((server) => patternMayReach(pattern, server));
    return servers.length === 0 ? why(pattern) : ` yet: ${servers.join(", ")} may still list one`;
  };
  const idle = ({ patterns, from }: PatternSource, field: string, matches: typeof patternForbids) =>
    patterns
      .filter((pattern) => pattern !== READ_ONLY_ENTRY && !tools.some((tool) => matches(pattern, tool)))
      .map((pattern) => `"${pattern}" in ${field} of ${from} matches no tool${yet(pattern)}`);
  const blocked = policy.block.flatMap((source) => idle(source, "blocked_tools", patternForbids));
  const grants = policy.allow.map(({ patterns, from }) => ({
    patterns: patterns.filter((pattern) => !hasOwnTool(pattern, canSpawn)),
    from,
  }));
  return [...grants.flatMap((source) => idle(source, "tools", patternMatches)), ...blocked];
}

type KnownServer = Pick<ServerStatus, "name" | "writtenName" | "listing" | "state">;

/**
 * Whether a pattern matches a tool that is known, or may match one of a server that has not listed its tools yet; a server
 * that has failed counts where `excuses` holds.
 */
export function mayMatch(
  pattern: string,
  servers: readonly KnownServer[],
  matches: typeof patternForbids,
  excuses: typeof patternMayReach,
): boolean {
  return servers.some(({ name, writtenName, listing, state }) => {
    if (listing !== null) return listing.tools.some((tool) => matches(pattern, tool));
    return (state === "failed" ? excuses : patternMayReach)(pattern, name, writtenName);
  });
}

/**
 * Why no entry of a list matches a tool, in words; null where one does, or may match a tool of a server that has not
 * listed its tools yet, or names a failed server, which says its own fault. An empty list allows nothing on purpose.
 */
export function whyAllIdle(
  patterns: readonly string[],
  servers: readonly KnownServer[],
  canSpawn: boolean,
): string | null {
  const isInUse = (pattern: string) =>
    pattern === READ_ONLY_ENTRY ||
    /^\*+$/.test(pattern) || // all there are, which may be none
    hasOwnTool(pattern, canSpawn) ||
    mayMatch(pattern, servers, patternMatches, patternNamesServer);
  if (patterns.length === 0 || patterns.some(isInUse)) return null;
  const why = whyIdle(servers.flatMap(({ listing }) => listing?.tools ?? []));
  return patterns.map((pattern) => `"${pattern}" matches no tool${why(pattern)}`).join(", ");
}

/** The reason for which a pattern matches nothing, or the nearest name. */
function whyIdle(tools: readonly CatalogTool[]): (pattern: string) => string {
  const known = new Set(tools.flatMap(({ name, server, tool }) => [name, tool, `${server}__*`]));
  return (pattern) => {
    const reason = whyMissing(pattern) ?? whyNotGranted(pattern);
    return reason === null ? didYouMean(pattern, known) : `: ${reason}`;
  };
}

/** The first entry that covers a tool: one that names it, else the entry for all read-only tools. */
function covering(patterns: readonly string[], tool: CatalogTool, matches: typeof patternForbids): string | null {
  const named = patterns.find((pattern) => pattern !== READ_ONLY_ENTRY && matches(pattern, tool));
  if (named !== undefined) return named;
  return tool.effect === "read_only" && patterns.includes(READ_ONLY_ENTRY) ? READ_ONLY_ENTRY : null;
}
