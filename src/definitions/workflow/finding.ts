/** Findings: likely mistakes in a workflow that can be used, each with its place. */
import { READ_ONLY_ENTRY } from "../../core/tools/gate.js";
import { type CatalogTool, patternForbids, patternMatches } from "../../core/tools/tool.js";
import type { Step } from "../../core/workflow/workflow.js";
import type { Where } from "./walk-workflow.js";

export interface Finding {
  /** The path of the part, such as "steps.plan.transitions.0". */
  readonly where: string;
  readonly message: string;
}

export function finding(where: Where, message: string): Finding {
  return { where: where.join("."), message };
}

/** Whether the lists of a step allow a tool. */
export function isAllowed({ allowedTools, blockedTools }: Step, tool: CatalogTool): boolean {
  const covers = (matching: typeof patternForbids) => (pattern: string) =>
    (pattern === READ_ONLY_ENTRY && tool.effect === "read_only") || matching(pattern, tool);
  if (blockedTools.some(covers(patternForbids))) return false;
  return allowedTools === "all" || allowedTools.some(covers(patternMatches));
}
