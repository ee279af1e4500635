/** `legwork workflows graph`: a workflow as a Mermaid diagram. */
import { defineCommand, jsonOption, one } from "../../command.js";
import { OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { WorkflowFiles } from "../../services.js";
import { findWorkflow } from "./find-workflow.js";

export const graphWorkflow = defineCommand({
  name: "graph",
  summary: "Print a workflow as a Mermaid diagram",
  description: "Prints the steps and transitions of a workflow as a Mermaid diagram.",
  examples: ["legwork workflows graph plan-execute"],
  arguments: { workflow: one("NAME", "The workflow", "name one workflow to draw") },
  options: { json: jsonOption },
  async run({ workflow, json }, services: WorkflowFiles) {
    const { definitions, draw } = await services.openWorkflows();
    const { definition, from } = findWorkflow(workflow, definitions);
    const mermaid = draw(definition);
    return { text: json ? visibleJson({ name: definition.name, from, mermaid }) : mermaid, exitCode: OK_EXIT };
  },
});
