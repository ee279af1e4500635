/** `legwork tools accept`: accepts tools as their servers listed them last. */
import { defineCommand, jsonOption, some } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { ServerPool } from "../../services.js";
import { changeOf, findChanges, nothingChanged } from "./find-changes.js";

export const acceptTools = defineCommand({
  name: "accept",
  summary: "Accept tools as they were last seen",
  description: "Accepts the current definitions of tools that are new or have changed. The next run can use them.",
  examples: ["legwork tools accept github", "legwork tools accept github__create_issue"],
  arguments: { names: some("SERVER[__TOOL]", "Servers and tools", "say what to accept") },
  options: { json: jsonOption },
  async run({ names, json }, services: ServerPool) {
    const { downstream, pins } = await services.openServers();
    const servers = downstream.status();
    const changes = findChanges(names, servers);
    for (const server of servers) {
      const accepted = changes.filter(({ status }) => status === server).map(({ finding }) => finding.now);
      if (accepted.length > 0) pins.accept(server.from, server.name, accepted);
    }
    const shown = changes.map((change) => ({ name: change.name, change: changeOf(change) }));
    if (json) return { text: visibleJson({ accepted: shown }), exitCode: OK_EXIT };
    if (shown.length === 0) return { text: nothingChanged(names, servers), exitCode: OK_EXIT };
    const lines = shown.map(
      ({ name, change }) => `accepted ${name}, which ${change === "new" ? "was new" : "had changed"}\n`,
    );
    return { text: `${lines.join("")}The next run has it.\n`, exitCode: OK_EXIT };
  },
});
