/** A workflow that the user names. */
import type { Definitions, Found } from "../../../core/definitions/agent.js";
import { ConfigError } from "../../../core/errors.js";
import type { Workflow } from "../../../core/workflow/workflow.js";
import { didYouMean } from "../../../lib/nearest.js";

/** Throws ConfigError where there is none or it cannot be used, RequestError where the name is none. */
export function findWorkflow(name: string, definitions: Definitions): Found<Workflow> {
  const found = definitions.workflow(name);
  if (found) return found;
  const names = definitions.workflows().map((entry) => entry.name);
  throw new ConfigError(
    `there is no workflow "${name}"${didYouMean(name, names) || `: there are ${names.join(", ")}`}`,
  );
}
