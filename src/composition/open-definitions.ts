/** Puts the agents and workflows of a project, its user and legwork together. */
import { userAgentFolders } from "../config/files/host-files.js";
import { inPackage } from "../config/files/package-folder.js";
import { COMMAND, type Paths } from "../config/files/paths.js";
import { trustsDefinition } from "../config/trust/trust.js";

export const SHIPPED_WORKFLOWS = inPackage("workflows");

export type OpenDefinitions = Awaited<ReturnType<typeof openDefinitions>>;

/**
 * Reads nothing yet. `trusts` says which files of the project count: by default the files that its user trusts. A command
 * that only shows files may read all.
 */
export async function openDefinitions(
  paths: Paths,
  trusts = (name: string, bytes: Uint8Array | null): boolean => trustsDefinition(paths, name, bytes),
) {
  const [{ createConditions }, { createDefinitions }, { createProjectPath }] = await Promise.all([
    import("../conditions/create-conditions.js"),
    import("../definitions/create-definitions.js"),
    import("../files/project-path.js"),
  ]);
  const { home, project, folders } = paths;
  const conditions = createConditions(createProjectPath(project));
  const definitions = createDefinitions({
    project: { root: project, folders, trusts },
    home,
    userAgents: userAgentFolders(paths),
    shippedFolder: SHIPPED_WORKFLOWS,
    conditions,
    trustCommand: `${COMMAND} trust`,
  });
  return { conditions, definitions };
}
