/** `legwork workflows`: those that can be named, whether they are sound, and how they look. */
import type { Definitions } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import type { Workflow } from "../../core/workflow/workflow.js";
import { type CommandEnd, OK_EXIT } from "../render/command-end.js";
import { definitionsText } from "../render/show-definitions.js";
import { visibleJson } from "../render/visible.js";
import { workflowNamed } from "../render/workflow-named.js";
import { type CheckDeps, checkWorkflows } from "./check-workflows.js";

export interface WorkflowsDeps extends CheckDeps {
  /** Those that runs can be given. */
  readonly usable: Definitions;
  /** The workflow as a diagram. */
  draw(workflow: Workflow): string;
}

export interface WorkflowsOptions {
  /** What stands behind `workflows`. */
  readonly words: readonly string[];
  readonly json: boolean;
  /** Characters in a line of the terminal. */
  readonly width: number;
}

/** Throws ConfigError or RequestError for what is not there or cannot be used, StoreError. */
export async function workflows(options: WorkflowsOptions, deps: WorkflowsDeps): Promise<CommandEnd> {
  const [verb = "list", ...names] = options.words;
  switch (verb) {
    case "list":
      if (names.length > 0) throw new ConfigError(`unexpected argument "${names[0]}": legwork workflows list has none`);
      return listWorkflows(options, deps.usable);
    case "check":
      return await checkWorkflows(names, options.json, deps);
    case "graph":
      if (options.json)
        throw new ConfigError("--json belongs to list and check: leave it out for legwork workflows graph");
      return drawWorkflow(names, deps);
    default:
      throw new ConfigError(`there is no "legwork workflows ${verb}": use list, check or graph`);
  }
}

function listWorkflows({ json, width }: WorkflowsOptions, definitions: Definitions): CommandEnd {
  const entries = definitions.workflows();
  const { notices } = definitions;
  const shown = entries.map(({ name, origin, from, description, error }) => ({
    name,
    origin,
    from,
    description,
    error,
  }));
  const text = json ? visibleJson({ workflows: shown, notices }) : definitionsText(entries, () => [], notices, width);
  return { text, exitCode: OK_EXIT };
}

function drawWorkflow(names: readonly string[], { readable, draw }: WorkflowsDeps): CommandEnd {
  const [name, more] = names;
  if (name === undefined || more !== undefined)
    throw new ConfigError("name one workflow to draw: legwork workflows graph NAME");
  return { text: draw(workflowNamed(name, readable).definition), exitCode: OK_EXIT };
}
