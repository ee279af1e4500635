/** `legwork workflows list`: the workflows that runs can name. */
import { defineCommand, jsonOption } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { definitionsText } from "../../render/show-definitions.js";
import { visibleJson } from "../../render/visible.js";
import type { DefinitionFiles, Terminal } from "../../services.js";

export const listWorkflows = defineCommand({
  name: "list",
  summary: "List the workflows that runs can name",
  description: "Lists the workflows of the project, of the user and of legwork, and the files that cannot be used.",
  examples: ["legwork workflows", "legwork workflows list --json"],
  arguments: {},
  options: { json: jsonOption },
  async run({ json }, services: DefinitionFiles & Terminal) {
    const definitions = await services.openDefinitions();
    const entries = definitions.workflows();
    const { notices } = definitions;
    const shown = entries.map(({ name, origin, from, description, error }) => ({
      name,
      origin,
      from,
      description,
      error,
    }));
    const text = json
      ? visibleJson({ workflows: shown, notices })
      : definitionsText(entries, () => [], notices, services.width);
    return { text, exitCode: OK_EXIT };
  },
});
