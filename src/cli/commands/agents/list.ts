/** `legwork agents list`: the agents that runs can name, with their settings, and the broken files. */
import type { AgentEntry } from "../../../core/definitions/agent.js";
import { defineCommand, jsonOption } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { definitionsText } from "../../render/show-definitions.js";
import { visibleJson } from "../../render/visible.js";
import type { DefinitionFiles, Terminal } from "../../services.js";

export const listAgents = defineCommand({
  name: "list",
  summary: "List the agents that runs can name",
  description: "Lists the agents of the project, of the user and of legwork, and the files that cannot be used.",
  examples: ["legwork agents", "legwork agents list --json"],
  arguments: {},
  options: { json: jsonOption },
  async run({ json }, services: DefinitionFiles & Terminal) {
    const definitions = await services.openDefinitions();
    const entries = definitions.agents();
    const { notices } = definitions;
    const text = json
      ? visibleJson({ agents: entries.map(toShown), notices })
      : definitionsText(entries, detailsOf, notices, services.width);
    return { text, exitCode: OK_EXIT };
  },
});

function toShown({ name, origin, from, description, error, definition, slug }: AgentEntry): object {
  return {
    name,
    ...(slug === undefined ? {} : { slug }),
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

function detailsOf({ from, definition, slug }: AgentEntry): readonly string[] {
  if (definition === null) return [];
  const { workflow, tools, blockedTools, servers, notes } = definition;
  return [
    ...(slug === undefined ? [] : [`also called: ${slug}`]),
    ...(workflow === null ? [] : [`workflow: ${workflow}`]),
    ...(tools === null ? [] : [`tools: ${listed(tools)}`]),
    ...(blockedTools.length === 0 ? [] : [`blocked tools: ${listed(blockedTools)}`]),
    ...(servers === null ? [] : [`servers: ${listed(servers)}`]),
    ...(notes.length === 0 ? [] : [`ignored parts of ${from}:`, ...notes.map((note) => `  ${note}`)]),
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
