/** The tools of the MCP server, in the order of `tools/list`. */
import { toPlainSchema } from "../runner/tools/plain-schema.js";
import type { Tool } from "./tool.js";
import { cancelRun } from "./tools/cancel-run.js";
import { complete } from "./tools/complete.js";
import { getRun } from "./tools/get-run.js";
import { listAgents } from "./tools/list-agents.js";
import { listRuns } from "./tools/list-runs.js";
import { respondToRun } from "./tools/respond-to-run.js";
import { resumeRunTool } from "./tools/resume-run.js";
import { spawnAgent } from "./tools/spawn-agent.js";
import { waitForRunsTool } from "./tools/wait-for-runs.js";

export const TOOLS: readonly Tool[] = [
  spawnAgent,
  waitForRunsTool,
  getRun,
  listRuns,
  cancelRun,
  resumeRunTool,
  respondToRun,
  complete,
  listAgents,
];

/** A tool as `tools/list` shows it. */
export function toListedTool(
  { name, title, description, searchHint, annotations, input, output }: Tool,
  { withOutput }: { readonly withOutput: boolean },
) {
  return {
    name,
    title,
    description,
    annotations,
    inputSchema: toPlainSchema(input, "input"),
    ...(withOutput ? { outputSchema: toPlainSchema(output, "output") } : {}),
    // For Claude Code, which loads most tools only when it has searched for them.
    _meta: searchHint === null ? { "anthropic/alwaysLoad": true } : { "anthropic/searchHint": searchHint },
  };
}
