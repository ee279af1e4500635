/** The gate: says whether a run may use a tool, and by which rule. */
import type { ToolRuling } from "./event.js";
import type { PatternSource, ToolPolicy } from "./run.js";
import { type CatalogTool, patternMatches } from "./tool.js";

/** The entry of a `tools` list that stands for every tool that changes nothing. */
export const READ_ONLY_ENTRY = "read_only";

export interface Verdict {
  readonly allowed: boolean;
  readonly rule: string;
}

/** Judges one tool: blocked patterns win, then the tool must be granted. */
export function judgeTool(policy: ToolPolicy, tool: CatalogTool): Verdict {
  for (const source of policy.block) {
    if (tool.effect === "read_only" && source.patterns.includes(READ_ONLY_ENTRY))
      return { allowed: false, rule: `"${READ_ONLY_ENTRY}" is in blocked_tools of ${source.from}` };
    const pattern = matching(source, tool);
    if (pattern !== null) return { allowed: false, rule: `"${pattern}" is in blocked_tools of ${source.from}` };
  }
  const { allow } = policy;
  const pattern = matching(allow, tool);
  if (pattern !== null) return { allowed: true, rule: `"${pattern}" is in tools of ${allow.from}` };
  const readOnly = allow.patterns.includes(READ_ONLY_ENTRY);
  if (readOnly && tool.effect === "read_only")
    return { allowed: true, rule: `read-only tools are granted by ${allow.from}` };
  if (readOnly)
    return { allowed: false, rule: `${allow.from} grants ${grants(allow)}, and this one is ${tool.effect}` };
  return { allowed: false, rule: `no entry in tools of ${allow.from} names it` };
}

/** Judges a whole catalog once, grouped by rule in catalog order. */
export function judgeCatalog(policy: ToolPolicy, tools: readonly CatalogTool[]): readonly ToolRuling[] {
  const groups = new Map<string, { rule: string; allowed: boolean; tools: string[] }>();
  for (const tool of tools) {
    const verdict = judgeTool(policy, tool);
    const key = `${verdict.allowed} ${verdict.rule}`;
    const group = groups.get(key);
    if (group) group.tools.push(tool.name);
    else groups.set(key, { ...verdict, tools: [tool.name] });
  }
  return [...groups.values()];
}

/** The patterns of a policy that name no tool of the catalog, each with where it stands. */
export function idlePatterns(policy: ToolPolicy, tools: readonly CatalogTool[]): readonly string[] {
  const idle = (source: PatternSource, field: string) =>
    source.patterns
      .filter((pattern) => pattern !== READ_ONLY_ENTRY && !tools.some((tool) => patternMatches(pattern, tool)))
      .map((pattern) => `"${pattern}" in ${field} of ${source.from} matches no tool`);
  return [...idle(policy.allow, "tools"), ...policy.block.flatMap((source) => idle(source, "blocked_tools"))];
}

function grants({ patterns }: PatternSource): string {
  return patterns.length === 1 ? "only tools that read" : "only tools that read and those it names";
}

function matching(source: PatternSource, tool: CatalogTool): string | null {
  return source.patterns.find((pattern) => pattern !== READ_ONLY_ENTRY && patternMatches(pattern, tool)) ?? null;
}
