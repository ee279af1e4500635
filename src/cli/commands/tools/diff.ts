/** `legwork tools diff`: how tools differ from their accepted definitions. */
import { any, defineCommand, jsonOption } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { ServerPool } from "../../services.js";
import { type ChangedTool, changeOf, findChanges, nothingChanged, unseenAmong } from "./find-changes.js";

export const diffTools = defineCommand({
  name: "diff",
  summary: "Show how tools have changed since they were accepted",
  description: "Compares the tools that servers listed last with their accepted definitions. Starts no server.",
  examples: ["legwork tools diff", "legwork tools diff github__create_issue"],
  arguments: { names: any("SERVER[__TOOL]", "Servers and tools; all where none is named") },
  options: { json: jsonOption },
  async run({ names, json }, services: ServerPool) {
    const { downstream } = await services.openServers();
    const servers = downstream.status();
    const changes = findChanges(names, servers);
    const text = json
      ? visibleJson({ tools: changes.map(toShown), unseen_servers: unseenAmong(names, servers) })
      : changes.length === 0
        ? nothingChanged(names, servers)
        : await diffText(changes);
    return { text, exitCode: OK_EXIT };
  },
});

function toShown(change: ChangedTool): object {
  const { accepted, now, withheld } = change.finding;
  return {
    name: change.name,
    change: changeOf(change),
    withheld,
    accepted: accepted === null ? null : JSON.parse(accepted.definition),
    now: JSON.parse(now.definition),
  };
}

async function diffText(changes: readonly ChangedTool[]): Promise<string> {
  const { diffDefinitions } = await import("../../render/diff-definitions.js");
  return changes
    .map(({ name, finding: { accepted, now } }) =>
      diffDefinitions(name, accepted && readable(accepted.definition), readable(now.definition)),
    )
    .join("\n");
}

function readable(definition: string): string {
  return JSON.stringify(JSON.parse(definition), null, 2);
}
