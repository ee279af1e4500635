/** `legwork agents`: the agent definitions that can be named, what each brings along, and those that are broken. */
import type { AgentEntry, Definitions } from "../../core/definitions/agent.js";
import { type CommandEnd, OK_EXIT } from "../render/command-end.js";
import { definitionsText } from "../render/show-definitions.js";
import { visibleJson } from "../render/visible.js";

export interface AgentsOptions {
  readonly json: boolean;
  /** Characters in a line of the terminal. */
  readonly width: number;
}

/** Throws ConfigError for a folder that cannot be read. */
export function agents({ json, width }: AgentsOptions, definitions: Definitions): CommandEnd {
  const entries = definitions.agents();
  const { notices } = definitions;
  const text = json
    ? visibleJson({ agents: entries.map(toShown), notices })
    : definitionsText(entries, detailsOf, notices, width);
  return { text, exitCode: OK_EXIT };
}

function toShown({ name, origin, from, description, error, definition }: AgentEntry): object {
  return {
    name,
    origin,
    from,
    description,
    error,
    workflow: definition?.workflow ?? null,
    tools: definition?.tools ?? null,
    blocked_tools: definition?.blockedTools ?? [],
    servers: definition?.servers ?? null,
    notes: definition?.notes ?? [],
  };
}

function detailsOf({ from, definition }: AgentEntry): readonly string[] {
  if (definition === null) return [];
  const { workflow, tools, blockedTools, servers, notes } = definition;
  return [
    ...(workflow === null ? [] : [`workflow: ${workflow}`]),
    ...(tools === null ? [] : [`tools: ${listed(tools)}`]),
    ...(blockedTools.length === 0 ? [] : [`blocked tools: ${listed(blockedTools)}`]),
    ...(servers === null ? [] : [`servers: ${listed(servers)}`]),
    ...(notes.length === 0 ? [] : [`not taken over from ${from}:`, ...notes.map((note) => `  ${note}`)]),
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
